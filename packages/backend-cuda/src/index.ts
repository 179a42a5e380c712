export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  type CudaDiagnostic,
  CudaDriverError,
  CudaTrialError,
  CudaUnavailableError,
  HostCallError,
  HostLaneError,
  StuckHandlerError,
  type TrialFailure,
} from './errors.ts';
export { copyStates, type StateCopy, stateCopyCounts } from './host/state-copy.ts';
export { connectHostLane, type HostLane } from './lanes/host-lane.ts';
export { openHostLane } from './lanes/open.ts';
export type { HostLanePort } from './lanes/port.ts';
export type { DeviceStatus, FoundDevice } from './native/addon.ts';
export { type GpuStatus, gpuDevices, gpuStatus } from './probe/status.ts';
export { type Trial, type TrialOptions, tryDevice } from './probe/trial.ts';
export { type ProgramOrigin, programOrigins } from './program/build.ts';
export { type PtxOptions, type WrittenPtx, writePtx } from './program/ship.ts';
