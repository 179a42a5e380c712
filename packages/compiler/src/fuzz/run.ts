import type { Module } from '../ir/types.ts';
import { compare, interpret } from './compare.ts';
import { type FuzzCase, generateCase } from './generate.ts';
import { shrink } from './shrink.ts';
import type { FuzzTarget } from './targets.ts';

/** Programs that are made before the first of them runs. */
const batch = 20;

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  readonly targets: readonly FuzzTarget[];
  /** False: programs of whole numbers and bools only. */
  readonly floats?: boolean;
  /** Stops once this many programs differed: they are likely one mistake. */
  readonly maxDifferences?: number;
  /** Called after every program with how many are done. */
  readonly onProgress?: (done: number) => void;
}

/** A program that did something else than the interpreter, made as small as was possible. */
interface FuzzDifference {
  readonly seed: number;
  readonly target: string;
  readonly expected: string;
  readonly found: string;
  readonly module: Module;
}

export interface FuzzReport {
  readonly seed: number;
  readonly programs: number;
  readonly targets: Readonly<Record<string, TargetCounts>>;
  readonly differences: readonly FuzzDifference[];
}

interface TargetCounts {
  run: number;
  different: number;
  refused: number;
}

/** Runs random programs, of seeds `seed`, `seed` + 1, …, on every target and compares them with the interpreter. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, count, targets, floats = true, maxDifferences = 3, onProgress } = options;
  const counts: Record<string, TargetCounts> = Object.fromEntries(
    targets.map(({ name }) => [name, { run: 0, different: 0, refused: 0 }]),
  );
  const differences: FuzzDifference[] = [];
  let programs = 0;
  let cases: FuzzCase[] = [];
  while (programs < count && differences.length < maxDifferences) {
    if (cases.length === 0) {
      const size = Math.min(batch, count - programs);
      cases = Array.from({ length: size }, (_, i) => generateCase(seed + programs + i, floats));
      for (const target of targets) target.prepare?.(cases.map(({ module }) => module));
    }
    const { module, scenario, seed: own } = cases.shift() as FuzzCase;
    const expected = interpret(module, scenario);
    for (const target of targets) {
      const counted = counts[target.name] as TargetCounts;
      const result = await compare(target, module, scenario, expected);
      if (result === 'refused') {
        counted.refused++;
        continue;
      }
      counted.run++;
      if (result === 'same') continue;
      counted.different++;
      differences.push(await smallest(target, own, floats));
    }
    programs++;
    onProgress?.(programs);
  }
  return { seed, programs, targets: counts, differences };
}

async function smallest(
  target: FuzzTarget,
  seed: number,
  floats: boolean,
): Promise<FuzzDifference> {
  const { module, scenario } = generateCase(seed, floats);
  const { prepare } = target;
  const small = await shrink(
    { module, scenario },
    {
      async fails(candidate) {
        const result = await compare(target, candidate.module, candidate.scenario);
        return typeof result === 'object';
      },
      ...(prepare && {
        prepare: (candidates) =>
          prepare.call(
            target,
            candidates.map((next) => next.module),
          ),
      }),
    },
  );
  const result = await compare(target, small.module, small.scenario);
  if (typeof result !== 'object') throw new Error(`seed ${seed} differs only now and then`);
  return { seed, target: target.name, ...result, module: small.module };
}
