export {
  type BackendRefusal,
  BackendUnavailableError,
  DeviceClosedError,
  DeviceLimitError,
  DeviceLostError,
  LayoutMismatchError,
  MissingCapabilityError,
  WorkerLostError,
} from './device.ts';
export { type ErrorDetails, RingKernelError } from './error.ts';
export {
  HandlerError,
  HandlerFaultError,
  HandlerTimeoutError,
  InstanceLimitError,
  InstanceNotFoundError,
  InvalidStateTransitionError,
  KernelAlreadyExistsError,
  KernelNotFoundError,
  KernelTerminatedError,
} from './kernel.ts';
export {
  ChecksumMismatchError,
  InvalidFrameError,
  MessageIdsExhaustedError,
  MessageTooLargeError,
  QueueFullError,
  TruncatedFrameError,
  UnknownMessageError,
  UnsupportedVersionError,
} from './message.ts';
export { listNames, nearestName } from './nearest-name.ts';
export {
  CancelledError,
  ClockSkewError,
  InvalidOptionError,
  InvalidTimestampError,
  NotSupportedError,
  TimeoutError,
} from './operation.ts';
