import { expect, test } from 'vitest';
import { countsOf, reportIn } from '../dist/run/step-report.js';

test('a report is found before what a sanitizer says of the program', () => {
  const printed = [
    '========= COMPUTE-SANITIZER',
    'ok      lockstep: a case',
    '1 passed, 2 failed, 3 skipped',
    '{"passed":1,"failed":2,"skipped":3}',
    '========= ERROR SUMMARY: 0 errors',
  ];
  const report = reportIn(`${printed.join('\n')}\n`);
  expect(report).toMatchObject({ passed: 1, failed: 2 });
  expect(report === null ? '' : countsOf(report)).toBe('1 passed, 2 failed, 3 skipped');
});

test('what was cut off, or is not there, is no report', () => {
  expect(reportIn('{"passed":1,"fai')).toBeNull();
  expect(reportIn('Killed\n')).toBeNull();
});
