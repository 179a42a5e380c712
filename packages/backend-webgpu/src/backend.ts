import {
  type BackendFactory,
  BackendUnavailableError,
  type DeviceOptions,
  InvalidOptionError,
  type ProbeResult,
} from '@ringkernel/core';
import { findAdapters, requestAdapter } from './gpu/adapters.ts';
import type { GpuAdapter, GpuDevice } from './gpu/api.ts';
import { gpuSystem } from './gpu/system.ts';
import { WebgpuDevice } from './host/device.ts';
import { webgpuOptions } from './options.ts';

/** Actors on a GPU through WebGPU: Dawn in Node, `navigator.gpu` in a browser. */
export const backend: BackendFactory = {
  name: 'webgpu',
  async probe(): Promise<ProbeResult> {
    const system = await gpuSystem();
    if (!('gpu' in system)) return { available: false, ...system };
    const found = await findAdapters(system.gpu).catch(() => []);
    if (found.length > 0) return { available: true, devices: found.map(({ info }) => info) };
    return { available: false, ...noAdapter };
  },
  async open(options: DeviceOptions) {
    const chosen = webgpuOptions(options.backendOptions);
    const system = await gpuSystem();
    if (!('gpu' in system)) {
      const { reason, hint } = system;
      throw new BackendUnavailableError('webgpu', [{ backend: 'webgpu', reason, hint }]);
    }
    const { deviceId } = options;
    if (deviceId !== undefined && chosen.powerPreference !== null) {
      const wanted = 'left out when the device is named';
      throw new InvalidOptionError('powerPreference', wanted, chosen.powerPreference);
    }
    const { found, known } = await requestAdapter(system.gpu, deviceId, chosen.powerPreference);
    if (found !== null) {
      return await WebgpuDevice.open(found.info, await openDevice(found.adapter), chosen, options);
    }
    if (known.length > 0) throw new InvalidOptionError('deviceId', known.join(' or '), deviceId);
    throw new BackendUnavailableError('webgpu', [{ backend: 'webgpu', ...noAdapter }]);
  },
};

const noAdapter = {
  code: 'RK_WEBGPU_NO_ADAPTER',
  reason: 'there is no adapter: no driver that WebGPU accepts',
  hint: 'on Linux install the Vulkan driver of the GPU',
} as const;

/** With all that the adapter allows of what kernels need. */
async function openDevice(adapter: GpuAdapter): Promise<GpuDevice> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
}
