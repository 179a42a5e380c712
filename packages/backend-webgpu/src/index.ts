export { backend } from './backend.ts';
export {
  DeviceLimitError,
  DeviceMemoryError,
  ShaderError,
  type ShaderMessage,
} from './errors.ts';
export type { WebgpuOptions } from './options.ts';
