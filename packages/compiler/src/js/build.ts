import type { Program, ProgramEnv } from './abi.ts';

/** Makes a function of the named parameters from the text of its body, whose first line stays the first. */
export type CompileFunction = (body: string, parameters: readonly string[]) => unknown;

/**
 * Unlike `new Function`, which puts two lines before the body, this keeps the lines as a source map has them. Node
 * reads source maps of code that was evaluated, and none of what `vm.compileFunction` makes.
 */
const evaluate: CompileFunction = (body, parameters) => {
  // biome-ignore lint/security/noGlobalEval: running the text is what it is for; the scope is the global one.
  return globalThis.eval(`(function (${parameters.join(', ')}) {${body}})`);
};

/**
 * Turns the text of `emitJavaScript` into a program. `compileFunction` evaluates it unless given: where code from
 * strings is disallowed (`EvalError`), `vm.compileFunction` still works.
 */
export function buildProgram(
  text: string,
  compileFunction: CompileFunction = evaluate,
): (env: ProgramEnv) => Program {
  return compileFunction(text, ['env']) as (env: ProgramEnv) => Program;
}
