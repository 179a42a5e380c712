import { typedError } from '../errors.ts';
import type { DeviceStatus, FoundDevice } from '../native/addon.ts';
import { systemLibraries } from '../native/libraries.ts';
import { loadAddon } from '../native/load.ts';

/** What `gpuStatus` finds. */
export interface GpuStatus {
  /** The library that was asked. */
  readonly path: string;
  /** The driver's own version, such as `580.95.05`. */
  readonly driverVersion: string;
  readonly devices: readonly DeviceStatus[];
}

/**
 * The devices of the driver by ordinal: UUID, memory, multiprocessors, compute capability, PCI address, and in `peers` the
 * ordinals of those whose memory each can reach itself. Starts the driver in this process, which takes tens of
 * milliseconds the first time. Throws `CudaUnavailableError`
 * when there is none.
 */
export function gpuDevices(
  libraries: readonly string[] = systemLibraries().driver,
): readonly FoundDevice[] {
  try {
    return loadAddon().listDevices(libraries);
  } catch (thrown) {
    throw typedError(thrown);
  }
}

/**
 * Memory, load, temperature and links of every NVIDIA device, as NVML tells them now. `uuid` is the `id` of the device in
 * `probe()`. `libraries` are tried in order, those of the system unless given. Blocks for milliseconds. Throws
 * `CudaUnavailableError` when there is no NVML, `CudaDriverError` when a call of it fails.
 */
export function gpuStatus(libraries: readonly string[] = systemLibraries().nvml): GpuStatus {
  try {
    return loadAddon().listStatus(libraries);
  } catch (thrown) {
    throw typedError(thrown);
  }
}
