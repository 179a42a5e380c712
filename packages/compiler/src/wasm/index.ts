export { buildWebAssemblyProgram, type WebAssemblyStage } from './build.ts';
export { emitWebAssembly } from './emit.ts';
export type { StageLayout, WebAssemblyCode } from './image.ts';
export { webAssemblyGain } from './preference.ts';
export { webAssemblyFromText, webAssemblyToText } from './text.ts';
