import { interpretProgram } from '../interpret/index.ts';
import type { Module } from '../ir/types.ts';
import { runScenario, type Scenario, type Trace } from './engine.ts';
import type { FuzzTarget } from './targets.ts';

/** The first line at which a target did something else than the interpreter. */
interface Difference {
  readonly expected: string;
  readonly found: string;
}

export type Comparison = 'same' | 'refused' | Difference;

/** Runs a module in the interpreter and on a target. An exception is a difference too. */
export async function compare(
  target: FuzzTarget,
  module: Module,
  scenario: Scenario,
  known?: Trace,
): Promise<Comparison> {
  const own = target.adapt?.(module) ?? module;
  const expected = own === module && known ? known : interpret(own, scenario);
  let found: Trace | null;
  try {
    found = await target.run(own, scenario);
  } catch (error) {
    return { expected: 'no exception', found: String(error) };
  }
  return found === null ? 'refused' : (firstDifference(expected, found) ?? 'same');
}

export function interpret(module: Module, scenario: Scenario): Trace {
  return runScenario(module, scenario, interpretProgram(module));
}

function firstDifference(expected: Trace, found: Trace): Difference | null {
  const length = Math.max(expected.length, found.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [expected[i] ?? 'nothing', found[i] ?? 'nothing'];
    if (a !== b) return { expected: a, found: b };
  }
  return null;
}
