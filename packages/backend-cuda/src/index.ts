export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  type CudaDiagnostic,
  CudaDriverError,
  CudaUnavailableError,
  StuckHandlerError,
} from './errors.ts';
export type { DeviceStatus, FoundDevice } from './native/addon.ts';
export { type GpuStatus, gpuDevices, gpuStatus } from './probe/status.ts';
export { type ProgramOrigin, programOrigins } from './program/build.ts';
export { type PtxOptions, type WrittenPtx, writePtx } from './program/ship.ts';
