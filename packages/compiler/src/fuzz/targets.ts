import type { Module } from '../ir/types.ts';
import { buildProgram, emitJavaScript } from '../js/index.ts';
import { optimize } from '../optimize/index.ts';
import { runScenario, type Scenario, type Trace } from './engine.ts';
import { webAssembly } from './wasm-target.ts';

/** Something that can run a module and is compared with the interpreter. */
export interface FuzzTarget {
  readonly name: string;
  /** The module to run instead, on the target and in the interpreter; always the same for the same module. */
  adapt?(module: Module): Module;
  /** Told of modules that will be run, some time before: for targets that do better with many at once. */
  prepare?(modules: readonly Module[]): void;
  /** Null when the target refuses the module: it lacks something that the module needs. */
  run(module: Module, scenario: Scenario): Promise<Trace | null> | Trace | null;
}

const javaScript: FuzzTarget = {
  name: 'js',
  run: (module, scenario) => runScenario(module, scenario, buildProgram(emitJavaScript(module))),
};

/**
 * What the optimiser makes of a program, on a target. It must do what the program did before, so the interpreter runs
 * that.
 */
export function optimizedTarget(target: FuzzTarget): FuzzTarget {
  const made = new WeakMap<Module, Module>();
  const optimized = (module: Module): Module => {
    const known = made.get(module) ?? optimize(module);
    made.set(module, known);
    return known;
  };
  return {
    name: `${target.name}-optimized`,
    adapt: (module) => target.adapt?.(module) ?? module,
    prepare: (modules) =>
      target.prepare?.(modules.map((module) => optimized(target.adapt?.(module) ?? module))),
    run(module, scenario) {
      const less = optimized(module);
      return target.run(target.adapt?.(less) ?? less, scenario);
    },
  };
}

export const fuzzTargets: readonly FuzzTarget[] = [
  javaScript,
  optimizedTarget(javaScript),
  webAssembly,
  optimizedTarget(webAssembly),
];
