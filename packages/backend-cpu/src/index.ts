export { backend } from './backend.ts';
export { ProgramRejectedError } from './errors.ts';
export type { CpuOptions } from './options.ts';
