import { backend, DeviceMemoryError } from '@ringkernel/backend-webgpu';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  type Device,
  type DeviceKernel,
  type KernelSink,
  u32,
} from '@ringkernel/core';
import { beforeAll, expect, test } from 'vitest';
import { startWatching, watch } from './watched.ts';

const probe = await backend.probe();
const found = probe.available ? probe.devices[0] : undefined;
beforeAll(startWatching);

/** Refuses a buffer of exactly the size that its limits allow; others are not pressed for memory here. */
const swiftShader = found?.name.startsWith('swiftshader') === true;
if (!swiftShader) console.warn('running out of memory is not tested: the device is no SwiftShader');

const Block = actor('Block', {
  state: { xs: array(u32, 1024) },
  messages: { Set: { at: u32 } },
  emits: { Was: { before: u32 } },
  on: {
    Set(ctx, m) {
      ctx.emit('Was', { before: ctx.state.xs[m.at % 1024] as number });
      ctx.state.xs[m.at % 1024] = m.at + 1;
    },
  },
});

const image = compile(Block);
const stateBytes = 4096;
const plain = { priority: 1, correlationLow: 0, correlationHigh: 0, deadlineMs: 0 } as const;

/** Addresses are given once. */
let nextAddress = 64;

async function launch(device: Device, instances: number): Promise<[DeviceKernel, number[]]> {
  const told: number[] = [];
  const sink: KernelSink = {
    message: ({ view, byteOffset }) => void told.push(view.getUint32(byteOffset, true)),
    deadLetter() {},
    fault() {},
  };
  const baseAddress = nextAddress;
  nextAddress += Math.ceil(instances / 64) * 64;
  const options = { id: 'k', instances, baseAddress, queueCapacity: 16, onFull: 'wait' } as const;
  return [await device.launch(image, options, sink), told];
}

function set(kernel: DeviceKernel, instance: number, at: number): void {
  const [message] = image.messages;
  if (message === undefined) throw new Error('Block has no message');
  const write = (view: DataView, offset: number, value: number): void =>
    view.setUint32(offset, value, true);
  const status = kernel.inject(instance, message, write, at, { ...plain, wantsReply: false });
  expect(status).toBe('accepted');
}

test.skipIf(!swiftShader)('a device without memory says so, and goes on', async () => {
  const device = await backend.open({});
  let lost = false;
  void device.lost.then(() => {
    lost = true;
  });
  const [kernel, told] = await launch(device, 4);
  await kernel.activate();
  set(kernel, 3, 5);
  await device.settled();
  // States and their doubles: all that one binding may have, which the driver has not in one piece.
  const wantedBytes = device.info.memoryBytes;
  const error = (await launch(device, wantedBytes / (2 * stateBytes)).catch(
    (reason: unknown) => reason,
  )) as DeviceMemoryError;
  expect(error).toBeInstanceOf(DeviceMemoryError);
  expect(error).toMatchObject({ code: 'RK_DEVICE_OUT_OF_MEMORY', subject: 'states', wantedBytes });
  expect(error.availableBytes).toBeGreaterThan(0);
  expect(error.availableBytes).toBeLessThan(wantedBytes);
  expect(error.message).toContain(`${wantedBytes}`);
  expect(error.message).toContain(`${error.availableBytes}`);
  expect((error.cause as Error).message).toContain('OUT_OF_DEVICE_MEMORY');
  set(kernel, 3, 5);
  await device.settled();
  expect(told).toEqual([0, 6]);
  const [other, toldToo] = await launch(device, 1000);
  await other.activate();
  set(other, 999, 7);
  await device.settled();
  expect(toldToo).toEqual([0]);
  expect(lost).toBe(false);
  await device.close();
});

test.skipIf(found === undefined)('kernels that have ended give their memory back', async () => {
  const device = await backend.open({});
  const live: number[] = [];
  const madeBefore = watch.madeBytes;
  const rssBefore = process.memoryUsage().rss;
  for (let i = 0; i < 8; i++) {
    // Never twice as many: what was given back is used again in other sizes, too.
    const [kernel] = await launch(device, 30_000 + 320 * ((i * 5) % 7));
    await kernel.activate();
    set(kernel, 29_999, 7 + i);
    await device.settled();
    expect(kernel.counters().memoryBytes).toBeGreaterThan(30_000 * 2 * stateBytes);
    const reading = kernel.readState(29_999);
    await kernel.terminate(1_000);
    // A state is there after the end, and of a reading that the end came upon.
    for (const state of [await reading, await kernel.readState(29_999)]) {
      expect(new DataView(state.buffer, state.byteOffset).getUint32((7 + i) * 4, true)).toBe(8 + i);
    }
    expect(kernel.counters().memoryBytes).toBe(0);
    live.push(watch.liveBytes);
  }
  // More than the device can have at once has come and gone; what is left is what it has for all kernels.
  const made = watch.madeBytes - madeBefore;
  if (swiftShader) expect(made).toBeGreaterThan(1.5 * device.info.memoryBytes);
  expect(Math.max(...live.slice(2)) - (live[1] as number)).toBeLessThan(2 ** 20);
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(made / 2);
  await device.close();
});
