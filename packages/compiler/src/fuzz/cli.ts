import { parseArgs } from 'node:util';
import { emitJavaScript } from '../js/index.ts';
import { runFuzz } from './run.ts';
import { fuzzTargets } from './targets.ts';

/** `fuzz --seed N --count M [--json]`: random programs on every target against the interpreter. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '1000' },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = whole(values.seed, 'seed');
  const count = whole(values.count, 'count');
  const report = await runFuzz({
    seed,
    count,
    targets: fuzzTargets,
    onProgress: (done) => {
      if (done % 1000 === 0) console.error(`${done} programs`);
    },
  });
  for (const { seed: own, target, expected, found, module } of report.differences) {
    console.error(`seed ${own}: ${target} differs\n  expected ${expected}\n  found    ${found}`);
    console.error(emitJavaScript(module));
  }
  for (const [name, { run, different, refused }] of Object.entries(report.targets)) {
    console.log(`${name}: ${run} programs, ${different} different, ${refused} refused`);
  }
  if (values.json) {
    const differences = report.differences.map(({ module: _, ...rest }) => rest);
    console.log(JSON.stringify({ ...report, differences }));
  }
  if (report.differences.length > 0) process.exitCode = 1;
}

function whole(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  console.error(`--${name} must be a whole number from 0 to 4294967295, not ${text}`);
  process.exit(2);
}

await main();
