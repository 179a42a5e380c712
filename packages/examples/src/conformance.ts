import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conformInBrowser } from './web/conformance-run.ts';

const { values } = parseArgs({
  options: {
    group: { type: 'string' },
    only: { type: 'string' },
    options: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const { group, only, options, json } = values;
const report = await conformInBrowser({
  folder: fileURLToPath(new URL('../build/conformance', import.meta.url)),
  ...(group !== undefined && { groups: [group] }),
  ...(only !== undefined && { only }),
  ...(options !== undefined && { backendOptions: JSON.parse(options) }),
  onOutcome: ({ group: of, name, result, reason }) => {
    const mark = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[result];
    console.log(`${mark} ${of}: ${name}${reason === undefined ? '' : `\n        ${reason}`}`);
  },
});
if (typeof report === 'string') {
  console.error(`no Chromium starts: ${report}`);
  process.exitCode = 2;
} else {
  const { browser, device, passed, failed, skipped } = report;
  console.log(`${browser}, ${device}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  for (const text of report.console) console.error(text);
  if (json) console.log(JSON.stringify({ browser, device, passed, failed, skipped }));
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
