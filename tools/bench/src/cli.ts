import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions, Row } from './bench.ts';
import { benches } from './list.ts';

const usage = `bench [NAME ...] [--simulated] [--messages N] [--quick] [--json]

Runs the benches named, or all: ${benches.map((b) => b.name).join(', ')}.
Each figure is a median; ratios are to a peer that ran in turns with it. --quick runs everything once, to see that
it works; --json prints {machine, results, skipped} as the last line. What needs a GPU is skipped without one, unless
--simulated lets it run on CPU threads, which shows that it works and not how fast.`;

function refuse(reason: string): never {
  console.error(`${reason}\n\n${usage}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        simulated: { type: 'boolean', default: false },
        messages: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}

function readOptions(): BenchOptions {
  const { quick, simulated, messages } = values;
  if (messages === undefined) return { quick, simulated };
  const count = Number(messages);
  if (!Number.isInteger(count) || count < 1) refuse(`--messages wants a whole number: ${messages}`);
  return { quick, simulated, messages: count };
}

function format(row: Row): string {
  const value = row.value >= 100 ? row.value.toFixed(0) : row.value.toPrecision(3);
  const ratio = row.ratio === undefined ? '' : `  ${row.ratio.toPrecision(3)} x ${row.peer}`;
  const target =
    row.target === undefined ? '' : `  (target ${row.target}: ${row.met ? 'met' : 'not met'})`;
  return `  ${row.name.padEnd(44)} ${value.padStart(9)} ${row.unit}${ratio}${target}`;
}

function wanted(): readonly Bench[] {
  if (positionals.length === 0) return benches;
  const unknown = positionals.filter((name) => !benches.some((b) => b.name === name));
  if (unknown.length === 0) return benches.filter((b) => positionals.includes(b.name));
  refuse(`no bench ${unknown.join(', ')}`);
}

const chosen = wanted();
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
  load: Number(loadavg()[0]?.toFixed(2)),
  date: new Date().toISOString().slice(0, 10),
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, node ${machine.node}, load ${machine.load}, ${machine.date}`,
);
const options = readOptions();
const results: Record<string, readonly Row[]> = {};
const skipped: Record<string, string> = {};
for (const bench of chosen) {
  console.log(`\n${bench.name}: ${bench.title}`);
  const reason = (await bench.missing?.(options)) ?? null;
  if (reason !== null) {
    console.log(`  skipped: ${reason}`);
    skipped[bench.name] = reason;
    continue;
  }
  const rows = await bench.run(options);
  results[bench.name] = rows;
  for (const row of rows) console.log(format(row));
}
if (values.json) console.log(JSON.stringify({ machine, results, skipped }));
process.exit(0); // peers may keep threads alive
