import { availableParallelism, cpus, totalmem } from 'node:os';
import {
  type BackendFactory,
  type DeviceInfo,
  type DeviceOptions,
  InvalidOptionError,
  type ProbeResult,
} from '@ringkernel/core';
import { CpuDevice } from './host/device.ts';
import { cpuOptions } from './options.ts';

/** Actors on worker threads over shared memory. Always there. */
export const backend: BackendFactory = {
  name: 'cpu',
  async probe(): Promise<ProbeResult> {
    return { available: true, devices: [deviceInfo()] };
  },
  async open(options: DeviceOptions) {
    const info = deviceInfo();
    if (options.deviceId !== undefined && options.deviceId !== info.id) {
      throw new InvalidOptionError('deviceId', info.id, options.deviceId);
    }
    return await CpuDevice.open(info, cpuOptions(options.backendOptions), options);
  },
};

function deviceInfo(): DeviceInfo {
  return {
    id: 'cpu',
    backend: 'cpu',
    name: cpus()[0]?.model.trim() ?? process.arch,
    kind: 'cpu',
    memoryBytes: totalmem(),
    computeUnits: availableParallelism(),
    driver: `node ${process.versions.node}`,
    capabilities: ['f64', 'i64', 'rollback', 'tenants'],
  };
}
