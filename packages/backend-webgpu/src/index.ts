export { backend } from './backend.ts';
export {
  DeviceLimitError,
  DeviceMemoryError,
  GpuDeviceClosedError,
  ShaderError,
  type ShaderMessage,
} from './errors.ts';
export type { WebgpuOptions } from './options.ts';
