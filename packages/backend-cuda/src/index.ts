export { backend, simulatedBackend } from './backend.ts';
export {
  CudaCompileError,
  CudaDriverError,
  CudaUnavailableError,
  DeviceClosedError,
} from './errors.ts';
