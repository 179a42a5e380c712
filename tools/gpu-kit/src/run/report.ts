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
  readonly outcomes: readonly Outcome[];
}

/** The report as a page. */
export function markdownOf({ kit, machine, simulated, outcomes }: Report): string {
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
    `- device: ${machine.device}, driver: ${machine.driver}`,
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
    '| measurement | value | unit | target | |',
    '|---|---|---|---|---|',
    ...outcomes.flatMap((one) => one.rows.map((row) => measuredLine(one.name, row))),
    '',
  ].join('\n');
}

function measuredLine(step: string, { name, value, unit, target, met }: Measured): string {
  const figure = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const verdict = met === undefined ? '' : met ? 'met' : 'not met';
  return `| ${step}: ${name} | ${figure} | ${unit} | ${target ?? ''} | ${verdict} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);
}
