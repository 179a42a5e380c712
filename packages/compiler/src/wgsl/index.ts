export {
  control,
  controlWords,
  recordKind,
  recordWords,
  stateWords,
  wgslEntryPoint,
  wgslWorkgroupSize,
} from './abi.ts';
export { emitWgsl } from './emit.ts';
export { findType, TargetError } from './refusal.ts';
