import { backend } from '@ringkernel/backend-webgpu';
import type { Gpu, GpuAdapter, GpuBuffer, GpuDevice, GpuEncoder } from '../src/gpu/api.ts';

/** What is seen of WebGPU while the tests run: the real objects, with an eye on some of their methods. */
export interface Watch {
  readonly wishes: object[];
  readonly devices: GpuDevice[];
  submits: number;
  /** All that were made, of all devices. */
  readonly buffers: GpuBuffer[];
  /** Called in the same turn as each submit, after it. */
  onSubmit: (() => void) | null;
  writes: number;
  /** Dispatches of compute passes. */
  dispatches: number;
  /** Read-backs that were asked for and not there yet, and the most there ever were. */
  pending: number;
  mostPending: number;
  /** Bytes of buffers that were made and not destroyed yet, and of all that ever were made. */
  liveBytes: number;
  madeBytes: number;
}

export const watch: Watch = {
  wishes: [],
  devices: [],
  buffers: [],
  submits: 0,
  onSubmit: null,
  writes: 0,
  dispatches: 0,
  pending: 0,
  mostPending: 0,
  liveBytes: 0,
  madeBytes: 0,
};

/** Puts the eye on. The backend must have looked for adapters before: it keeps the system it finds. */
export async function startWatching(): Promise<void> {
  await backend.probe();
  const place = globalThis as unknown as Record<symbol, Gpu | undefined>;
  const key = Symbol.for('ringkernel.webgpu.gpu');
  const gpu = place[key];
  if (gpu === undefined) return;
  place[key] = {
    requestAdapter: async (wish = {}) => {
      watch.wishes.push(wish);
      const adapter = await gpu.requestAdapter(wish);
      return adapter === null ? null : watchedAdapter(adapter);
    },
  };
}

function watchedAdapter(adapter: GpuAdapter): GpuAdapter {
  const { info, limits, features } = adapter;
  return {
    info,
    limits,
    features,
    requestDevice: async (options) => {
      const device = await adapter.requestDevice(options);
      watch.devices.push(device);
      const { queue } = device;
      const submit = queue.submit.bind(queue);
      queue.submit = (commands) => {
        watch.submits++;
        submit(commands);
        watch.onSubmit?.();
      };
      const writeBuffer = queue.writeBuffer.bind(queue);
      queue.writeBuffer = (...write) => {
        watch.writes++;
        writeBuffer(...write);
      };
      const createCommandEncoder = device.createCommandEncoder.bind(device);
      device.createCommandEncoder = () => watchedEncoder(createCommandEncoder());
      const createBuffer = device.createBuffer.bind(device);
      device.createBuffer = (descriptor) => watchedBuffer(createBuffer(descriptor));
      return device;
    },
  };
}

function watchedEncoder(encoder: GpuEncoder): GpuEncoder {
  const beginComputePass = encoder.beginComputePass.bind(encoder);
  encoder.beginComputePass = () => {
    const pass = beginComputePass();
    const dispatchWorkgroups = pass.dispatchWorkgroups.bind(pass);
    pass.dispatchWorkgroups = (groups) => {
      watch.dispatches++;
      dispatchWorkgroups(groups);
    };
    return pass;
  };
  return encoder;
}

function watchedBuffer(buffer: GpuBuffer): GpuBuffer {
  watch.buffers.push(buffer);
  let there = buffer.size;
  watch.liveBytes += there;
  watch.madeBytes += there;
  const destroy = buffer.destroy.bind(buffer);
  buffer.destroy = () => {
    watch.liveBytes -= there;
    there = 0;
    destroy();
  };
  const mapAsync = buffer.mapAsync.bind(buffer);
  buffer.mapAsync = async (mode, offset, size) => {
    watch.pending++;
    watch.mostPending = Math.max(watch.mostPending, watch.pending);
    await mapAsync(mode, offset, size).finally(() => {
      watch.pending--;
    });
  };
  return buffer;
}
