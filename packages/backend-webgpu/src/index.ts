export { DeviceLimitError } from '@ringkernel/core';
export { backend } from './backend.ts';
export {
  DeviceMemoryError,
  ShaderError,
  type ShaderMessage,
} from './errors.ts';
export type { WebgpuOptions } from './options.ts';
