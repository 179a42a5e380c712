import type { Module } from '../ir/types.ts';
import { buildProgram, emitJavaScript } from '../js/index.ts';
import { optimize } from '../optimize/index.ts';
import { runScenario, type Scenario, type Trace } from './engine.ts';
import { optimizedWebAssembly, webAssembly } from './wasm-target.ts';

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

/** Optimised modules must do what they did before, so the oracle runs them as they were. */
const optimizedJavaScript: FuzzTarget = {
  name: 'js-optimized',
  run: (module, scenario) => javaScript.run(optimize(module), scenario),
};

export const fuzzTargets: readonly FuzzTarget[] = [
  javaScript,
  optimizedJavaScript,
  webAssembly,
  optimizedWebAssembly,
];
