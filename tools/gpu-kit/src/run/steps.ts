import { join } from 'node:path';
import { groups } from '@ringkernel/conformance';
import { findProgram } from './command.ts';

/** What can be asked for by `--only`. */
export const stepKinds = ['conformance', 'bench', 'sanitizer'] as const;

/** One program that the kit runs. */
export interface Step {
  readonly name: string;
  readonly kind: (typeof stepKinds)[number];
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

const benches = ['ask', 'hop', 'throughput', 'send', 'actors', 'pause', 'loss'];

/**
 * Everything, in the order in which it runs: whether results are right at all, the figures, then what checks further
 * settings, and last what takes longest.
 */
export function allSteps(kit: string, options: StepOptions): readonly Step[] {
  const suite = join(kit, 'packages', 'conformance', 'dist', 'cli.js');
  const bench = join(kit, 'tools', 'bench', 'dist', 'cli.js');
  const simulated = options.simulated ? ['--simulated'] : [];
  const quick = options.quick ? ['--quick'] : [];
  const conformance = (name: string, ...args: string[]): Step => ({
    name,
    kind: 'conformance',
    program: process.execPath,
    args: [suite, '--backend', 'cuda', '--json', ...simulated, ...args],
  });
  // Each group in a process of its own: after an error that ends a kernel, a process gets nothing else from the driver.
  const group = (name: string): Step => conformance(`conformance-${name}`, '--group', name);
  const suites = options.quick ? ['ordering'] : groups;
  const others = options.quick
    ? []
    : [
        conformance('conformance-one-worker', '--options', '{"workers":1}'),
        conformance('conformance-webassembly', '--options', '{"hostMemory":"webassembly"}'),
      ];
  const measurements = benches.map((name): Step => {
    const args = [bench, `cuda-${name}`, '--json', ...simulated, ...quick];
    if (name === 'loss') args.push('--messages', String(options.messages));
    return { name: `cuda-${name}`, kind: 'bench', program: process.execPath, args };
  });
  const checks = [
    // Short kernels, which end by themselves; then those that stay; then those whose threads share memory.
    sanitized('memcheck', group('lockstep'), options),
    sanitized('memcheck', group('ordering'), options),
    sanitized('racecheck', group('sections'), options),
  ];
  return [...suites.map(group), ...measurements, ...others, ...checks];
}

/** A step under compute-sanitizer, which only knows real devices. */
function sanitized(tool: string, step: Step, { simulated }: StepOptions): Step {
  const name = `${tool}-${step.name}`;
  const kind = 'sanitizer';
  const program = findProgram('compute-sanitizer', ['/usr/local/cuda/bin']);
  const missing = simulated ? 'the device is simulated' : 'compute-sanitizer is not installed';
  if (simulated || program === null) return { name, kind, program: '', args: [], missing };
  const own = ['--tool', tool, '--error-exitcode', '9', '--target-processes', 'all'];
  return { name, kind, program, args: [...own, step.program, ...step.args] };
}
