import type { Module } from '../ir/types.ts';
import { buildProgram, emitJavaScript } from '../js/index.ts';
import { runScenario, type Scenario, type Trace } from './engine.ts';

/** Something that can run a module and is compared with the interpreter. */
export interface FuzzTarget {
  readonly name: string;
  /** Null when the target lacks something that the module needs. */
  run(module: Module, scenario: Scenario): Promise<Trace | null> | Trace | null;
}

export const javaScriptTarget: FuzzTarget = {
  name: 'js',
  run: (module, scenario) => runScenario(module, scenario, buildProgram(emitJavaScript(module))),
};
