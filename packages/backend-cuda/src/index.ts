export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  type CudaDiagnostic,
  CudaDriverError,
  CudaUnavailableError,
  StuckHandlerError,
} from './errors.ts';
export { type ProgramOrigin, programOrigins } from './program/build.ts';
