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
export type { LaneInstance } from './lanes/lane-instance.ts';
export type { LaneCallOptions, LaneSendOptions } from './lanes/options.ts';
export type { DeviceStatus, FoundDevice } from './native/addon.ts';
export { type GpuStatus, gpuDevices, gpuStatus } from './probe/status.ts';
export { type Trial, type TrialOptions, tryDevice } from './probe/trial.ts';
export { type ProgramOrigin, programOrigins } from './program/build.ts';
export { type PtxOptions, type WrittenPtx, writePtx } from './program/ship.ts';
