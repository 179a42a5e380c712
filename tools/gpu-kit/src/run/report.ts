import type { ProgramOrigin } from '@ringkernel/backend-cuda';
import type { KitDescription } from '../kit.ts';
import type { Machine } from './machine.ts';

/** A line of a bench, as `bench --json` prints it. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: string;
  readonly met?: boolean;
}

export interface Outcome {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'timed out' | 'skipped';
  readonly seconds: number;
  /** Why it was skipped, or what it said last. */
  readonly note: string;
  readonly rows: readonly Measured[];
}

export interface Report {
  readonly kit: KitDescription;
  readonly machine: Machine;
  readonly simulated: boolean;
  /** Where the programs of the trial came from, and why not from elsewhere. */
  readonly origins: readonly ProgramOrigin[];
  readonly outcomes: readonly Outcome[];
}

/** Made for an H200 with PCIe 5 before anything ran, see docs/benchmarks/cuda.md. */
export const predictions: Readonly<Record<string, string>> = {
  'cuda-send: trySend, p50 of the bursts': '11 to 25 ns',
  'cuda-ask: scheduled, p50': '5 to 8 µs',
  'cuda-ask: dedicated, p50': '3 to 5 µs',
  'cuda-hop: ping-pong of two': '1.5 to 2.5 µs',
  'cuda-throughput: lanes: 1': '5 to 15 M/s',
};

/** The report as a page. */
export function markdownOf({ kit, machine, simulated, origins, outcomes }: Report): string {
  const changed = kit.changed ? ', with changes' : '';
  const gpus = machine.nvidiaSmi.map((line) => `- nvidia-smi: ${line}`);
  const warning = simulated
    ? [
        '',
        'The device was **simulated** on CPU threads: this shows that the kit works, and says nothing about speed.',
      ]
    : [];
  return [
    `# CUDA backend, ${machine.date.slice(0, 10)}`,
    '',
    `- device: ${cell(machine.device)}, driver: ${machine.driver}`,
    ...gpus,
    `- host: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Linux ${machine.kernel}`,
    `- Node ${machine.node}, commit ${kit.commit}${changed}, packed ${kit.packed}`,
    ...warning,
    '',
    '| step | result | seconds | |',
    '|---|---|---|---|',
    ...outcomes.map(
      (one) => `| ${one.name} | ${one.result} | ${one.seconds.toFixed(1)} | ${cell(one.note)} |`,
    ),
    '',
    '| program | from | kept | why from nowhere before |',
    '|---|---|---|---|',
    ...origins.map(({ program, from, cached, reasons }) => {
      return `| ${program} | ${from} | ${cached ? 'yes' : 'no'} | ${cell(reasons.join('; '))} |`;
    }),
    '',
    '| measurement | value | unit | predicted | target | |',
    '|---|---|---|---|---|---|',
    ...outcomes.flatMap((one) => one.rows.map((row) => measuredLine(one.name, row))),
    '',
  ].join('\n');
}

function measuredLine(step: string, { name, value, unit, target, met }: Measured): string {
  const figure = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const verdict = met === undefined ? '' : met ? 'met' : 'not met';
  const title = `${step}: ${name}`;
  const predicted = predictions[title] ?? '';
  return `| ${title} | ${figure} | ${unit} | ${predicted} | ${target ?? ''} | ${verdict} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);
}
