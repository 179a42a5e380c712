import { join } from 'node:path';
import { findProgram } from './command.ts';

/** One program that the kit runs. */
export interface Step {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Why it can't run here. */
  readonly missing?: string;
}

export interface StepOptions {
  readonly simulated: boolean;
  readonly quick: boolean;
  /** Messages that must not be lost. */
  readonly messages: number;
}

const benches = ['send', 'ask', 'hop', 'throughput', 'actors', 'pause', 'loss'];

/** Everything, in the order in which it runs: what must be right comes before what is measured. */
export function allSteps(kit: string, options: StepOptions): readonly Step[] {
  const suite = join(kit, 'packages', 'conformance', 'dist', 'cli.js');
  const bench = join(kit, 'tools', 'bench', 'dist', 'cli.js');
  const simulated = options.simulated ? ['--simulated'] : [];
  const quick = options.quick ? ['--quick'] : [];
  const conformance = (name: string, ...args: string[]): Step => ({
    name,
    program: process.execPath,
    args: [suite, '--backend', 'cuda', '--json', ...simulated, ...args],
  });
  const suites = options.quick
    ? [conformance('conformance', '--group', 'ordering')]
    : [
        conformance('conformance'),
        conformance('conformance-one-worker', '--options', '{"workers":1}'),
        conformance('conformance-webassembly', '--options', '{"hostMemory":"webassembly"}'),
      ];
  const measurements = benches.map((name): Step => {
    const args = [bench, `cuda-${name}`, '--json', ...simulated, ...quick];
    if (name === 'loss') args.push('--messages', String(options.messages));
    return { name: `cuda-${name}`, program: process.execPath, args };
  });
  const small = conformance('', '--group', 'ordering');
  const checks = ['memcheck', 'racecheck'].map((tool) => sanitized(tool, small, options));
  return [...suites, ...checks, ...measurements];
}

/** A step under compute-sanitizer, which only knows real devices. */
function sanitized(tool: string, step: Step, { simulated }: StepOptions): Step {
  const name = `sanitizer-${tool}`;
  const program = findProgram('compute-sanitizer', ['/usr/local/cuda/bin']);
  const missing = simulated ? 'the device is simulated' : 'compute-sanitizer is not installed';
  if (simulated || program === null) return { name, program: '', args: [], missing };
  const own = ['--tool', tool, '--error-exitcode', '9', '--target-processes', 'all'];
  return { name, program, args: [...own, step.program, ...step.args] };
}
