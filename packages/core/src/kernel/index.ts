export {
  type DeadLetterReason,
  deadLetterReasons,
  type FailurePolicy,
  type FullPolicy,
  inputReasons,
  type PriorityName,
  senderReasons,
} from './options.ts';
export { type KernelState, kernelStates } from './state.ts';
export {
  acceptsMessages,
  assertTransition,
  canTransition,
  type KernelOperation,
  kernelOperations,
  statesAllowing,
} from './transitions.ts';
