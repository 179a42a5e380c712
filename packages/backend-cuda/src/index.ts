export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  type CudaDiagnostic,
  CudaDriverError,
  CudaUnavailableError,
  StuckHandlerError,
} from './errors.ts';
