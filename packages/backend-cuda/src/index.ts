export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  CudaDriverError,
  CudaUnavailableError,
} from './errors.ts';
