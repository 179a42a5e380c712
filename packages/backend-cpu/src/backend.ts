import { cpus, freemem, totalmem } from 'node:os';
import type { BackendFactory, DeviceInfo, DeviceOptions, ProbeResult } from '@ringkernel/core';
import { availableParallelism } from 'node:os';
import { CpuLaunchError } from './errors.ts';
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
      throw new CpuLaunchError('-', `deviceId: wanted ${info.id}, found ${options.deviceId}`);
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
    memoryBytes: Math.min(totalmem(), freemem()),
    computeUnits: availableParallelism(),
    driver: `node ${process.versions.node}`,
    capabilities: ['f64', 'i64'],
  };
}
