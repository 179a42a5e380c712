import { type Device, InvalidOptionError } from '@ringkernel/core';
import { CudaDevice } from '../host/device.ts';
import type { HostLanePort } from './port.ts';

/**
 * Gives out a lane of a CUDA device, for one other thread. Throws `DeviceLimitError` when all `hostLanes` are taken,
 * `DeviceClosedError`, `NotSupportedError` in lockstep, and `InvalidOptionError` for a device of another backend.
 */
export function openHostLane(device: Device): HostLanePort {
  if (device instanceof CudaDevice) return device.openHostLane();
  throw new InvalidOptionError('device', 'a device of the CUDA backend', device);
}
