export type { Program, ProgramEnv } from './abi.ts';
export { buildProgram, type CompileFunction } from './build.ts';
export { emitJavaScript } from './emit.ts';
