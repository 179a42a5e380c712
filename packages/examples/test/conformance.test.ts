import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { conformInBrowser } from '../src/web/conformance-run.ts';

/** Of each side of a device something; `pnpm conformance --backend webgpu --browser` runs all. */
const groups = ['state', 'messaging', 'lockstep'];

test('cases of the conformance suite pass in a browser', { timeout: 600_000 }, async (context) => {
  const folder = fileURLToPath(new URL('../build/conformance-test', import.meta.url));
  const failed: unknown[] = [];
  const report = await conformInBrowser({
    folder,
    groups,
    onOutcome: (outcome) => void (outcome.result === 'failed' && failed.push(outcome)),
  });
  if (typeof report === 'string') {
    console.warn(`no browser is tested: no Chromium starts: ${report}`);
    return context.skip(report);
  }
  expect(failed).toEqual([]);
  expect(report.console).toEqual([]);
  expect(report.browser).toContain('Chrome');
  expect(report.passed).toBeGreaterThan(15);
});
