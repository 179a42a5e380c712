export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  CudaDriverError,
  CudaUnavailableError,
  StuckHandlerError,
} from './errors.ts';
