export { buildWebAssemblyProgram, type WebAssemblyStage } from './build.ts';
export { emitWebAssembly } from './emit.ts';
export type { StageLayout, WebAssemblyCode } from './image.ts';
