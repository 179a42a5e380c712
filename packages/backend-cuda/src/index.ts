export { CudaCompileError, CudaDriverError, CudaUnavailableError } from './errors.ts';
export { probeDevices } from './probe/probe.ts';
