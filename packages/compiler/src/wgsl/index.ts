export { noRoom, outputKind, stateWords } from './abi.ts';
export { emitWgsl } from './emit.ts';
export { findType, TargetError } from './refusal.ts';
