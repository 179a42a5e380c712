import { expect, test } from 'vitest';
import { report } from './report.ts';

test('in this pool', () => {
  expect(report()).toEqual(JSON.parse(process.env.EXPECTED_REPORT as string));
});
