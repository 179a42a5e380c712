export { noRoom, outputKind, readWord, stateWords, type WgslForm, writeWord } from './abi.ts';
export type { HandWritten } from './by-hand.ts';
export { emitWgsl } from './emit.ts';
export { findType, TargetError } from './refusal.ts';
export { hasSection } from './workgroup.ts';
