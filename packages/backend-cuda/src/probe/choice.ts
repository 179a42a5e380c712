import { InvalidOptionError, NotSupportedError } from '@ringkernel/core';
import { CudaUnavailableError } from '../errors.ts';
import type { FoundDevice } from '../native/addon.ts';
import type { CudaOptions } from '../options.ts';

const prohibited = 2;
/** Compute capability 7.5, the oldest that compilers of CUDA 13 know. */
const oldest = 75;

/** Why a device can't run persistent kernels, or null. */
export function unusable(device: FoundDevice): string | null {
  if (Number(process.env.CUDA_LAUNCH_BLOCKING) > 0) {
    return 'CUDA_LAUNCH_BLOCKING makes each launch wait for the end of its kernel';
  }
  if (device.computeMode === prohibited) return 'its compute mode is prohibited';
  if (device.major * 10 + device.minor < oldest) {
    return `compute capability 7.5 is wanted, it has ${device.major}.${device.minor}`;
  }
  if (device.canMapHostMemory === 0) return "it can't map host memory";
  return null;
}

/** Of each device, why it can't be used. */
export function refusals(devices: readonly FoundDevice[]): readonly string[] {
  return devices.flatMap((device) => {
    const reason = unusable(device);
    return reason === null ? [] : [`${device.name}: ${reason}`];
  });
}

/**
 * The device with this id, or as `cuda:N` by the ordinal that the driver gives it; the first that can be used when none is
 * wanted. Throws `InvalidOptionError` for one that is not there, `CudaUnavailableError` for one that can't be used.
 */
export function chooseDevice(
  devices: readonly FoundDevice[],
  wanted: string | undefined,
  idOf: (device: FoundDevice) => string,
): FoundDevice {
  const named = (device: FoundDevice): boolean =>
    wanted === idOf(device) || wanted === `cuda:${device.ordinal}`;
  const found = devices.filter((device) => wanted === undefined || named(device));
  if (found.length === 0 && wanted !== undefined) {
    const known = devices.map((device) => `cuda:${device.ordinal} (${idOf(device)})`);
    throw new InvalidOptionError('deviceId', `one of ${known.join(', ')}`, wanted);
  }
  const usable = found.find((device) => unusable(device) === null);
  if (usable !== undefined) return usable;
  const hint = 'see what nvidia-smi lists, and CUDA_VISIBLE_DEVICES';
  throw new CudaUnavailableError('device', 'No device can be used:', refusals(found), hint);
}

/** Throws `NotSupportedError` where the options want memory of the program locked, and the device can't have that. */
export function checkHostMemory(device: FoundDevice, options: CudaOptions): void {
  if (device.hostRegister !== 0) return;
  const reason = `${device.name} can't map memory that the driver has not allocated`;
  if (options.hostMemory === 'webassembly') {
    throw new NotSupportedError("hostMemory: 'webassembly'", reason);
  }
  if (options.hostLanes > 1) throw new NotSupportedError('hostLanes above 1', reason);
}
