export { backend } from './backend.ts';
export { DeviceClosedError, ProgramRejectedError } from './errors.ts';
export type { CpuOptions } from './options.ts';
