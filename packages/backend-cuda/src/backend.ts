import {
  type BackendFactory,
  type Device,
  type DeviceInfo,
  type DeviceOptions,
  type ProbeResult,
  RingKernelError,
} from '@ringkernel/core';
import { CudaUnavailableError, typedError } from './errors.ts';
import { CudaDevice } from './host/device.ts';
import type { FoundDevice } from './native/addon.ts';
import { systemLibraries } from './native/libraries.ts';
import { loadAddon } from './native/load.ts';
import { type CudaOptions, cudaOptions } from './options.ts';
import { checkHostMemory, chooseDevice } from './probe/choice.ts';
import { deviceInfo, probeDevices } from './probe/probe.ts';
import { gpuDevices } from './probe/status.ts';
import { simulatedLibraries } from './simulation/build.ts';

/** Actors in persistent kernels on an NVIDIA GPU. The driver is loaded when it is asked for. */
export const backend: BackendFactory = {
  name: 'cuda',
  probe: probeDevices,
  async open(options: DeviceOptions): Promise<Device> {
    return await openDevice(cudaOptions(options.backendOptions), options);
  },
};

/**
 * The same backend on the simulated driver: kernels run on CPU threads. For tests on machines without a GPU; it needs
 * g++.
 */
export const simulatedBackend: BackendFactory = {
  name: 'cuda',
  async probe(): Promise<ProbeResult> {
    try {
      const { driver } = await simulatedLibraries();
      const devices = loadAddon().listDevices(driver);
      return { available: true, devices: devices.map(simulatedInfo) };
    } catch (thrown) {
      const error = typedError(thrown);
      const reason = error instanceof Error ? error.message : String(error);
      const code = error instanceof RingKernelError ? error.code : CudaUnavailableError.code;
      return { available: false, code, reason };
    }
  },
  async open(options: DeviceOptions): Promise<Device> {
    const simulated = cudaOptions({ ...options.backendOptions, simulated: true });
    return await openDevice(simulated, options);
  },
};

async function openDevice(options: CudaOptions, device: DeviceOptions): Promise<Device> {
  const { simulated, simulationFlags, cacheFolder, ptxFolder } = options;
  const addon = loadAddon();
  const libraries = simulated ? await simulatedLibraries(simulationFlags) : systemLibraries();
  try {
    await addon.startDriver(libraries.driver);
  } catch (thrown) {
    throw typedError(thrown);
  }
  const infoOf = (one: FoundDevice): DeviceInfo =>
    simulated ? simulatedInfo(one) : deviceInfo(one, undefined);
  const listed = gpuDevices(libraries.driver);
  const found = chooseDevice(listed, device.deviceId, (one) => infoOf(one).id);
  checkHostMemory(found, options);
  const info = infoOf(found);
  const capability = found.major * 10 + found.minor;
  const folders = { cacheFolder, ptxFolder };
  const target = { addon, libraries, simulated, capability, simulationFlags, ...folders };
  return await CudaDevice.open(info, found, target, options, device);
}

/** The first is `cuda:simulated`, the others have their ordinals behind that. */
function simulatedInfo(device: FoundDevice): DeviceInfo {
  const { ordinal } = device;
  const id = ordinal === 0 ? 'cuda:simulated' : `cuda:simulated:${ordinal}`;
  return { ...deviceInfo(device, 'simulated'), id, kind: 'software' };
}
