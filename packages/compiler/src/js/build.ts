import type { Program, ProgramEnv } from './abi.ts';

/** Makes a function of the named parameters from the text of its body. */
export type CompileFunction = (body: string, parameters: readonly string[]) => unknown;

const newFunction: CompileFunction = (body, parameters) => new Function(...parameters, body);

/**
 * Turns the text of `emitJavaScript` into a program. `compileFunction` is `new Function` unless given: where code
 * from strings is disallowed, `vm.compileFunction` still works.
 */
export function buildProgram(
  text: string,
  compileFunction: CompileFunction = newFunction,
): (env: ProgramEnv) => Program {
  return compileFunction(text, ['env']) as (env: ProgramEnv) => Program;
}
