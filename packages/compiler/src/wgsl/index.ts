export { noRoom, outputKind, stateWords, type WgslForm } from './abi.ts';
export { emitWgsl } from './emit.ts';
export { findType, TargetError } from './refusal.ts';
export { hasSection } from './workgroup.ts';
