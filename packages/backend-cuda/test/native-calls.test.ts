import { setImmediate } from 'node:timers/promises';
import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  type Device,
  type DeviceKernel,
  type KernelImage,
  type MessageDescriptor,
  u32,
} from '@ringkernel/core';
import { expect, test } from 'vitest';
import { loadAddon } from '../dist/native/load.js';
import { noSimulation } from './simulation.ts';

const image: KernelImage = compile(
  actor('CudaCounted', {
    state: { count: u32 },
    messages: { Go: {} },
    emits: { Went: {} },
    on: {
      Go(ctx) {
        ctx.state.count += 1;
        ctx.emit('Went', {});
      },
    },
  }),
);
const [go] = image.messages as [MessageDescriptor];

type Call = (...given: unknown[]) => unknown;

/** What stands between the program and the addon, until it is taken away. */
function intercept(by: (name: string, call: Call) => Call): () => void {
  const addon = loadAddon() as unknown as Record<string, unknown>;
  const calls = Object.entries(addon).filter(([, value]) => typeof value === 'function');
  for (const [name, call] of calls) addon[name] = by(name, call as Call);
  return () => Object.assign(addon, Object.fromEntries(calls));
}

async function launch(hotUs: number): Promise<{
  readonly device: Device;
  readonly kernel: DeviceKernel;
  readonly went: () => number;
}> {
  const device = await simulatedBackend.open({ backendOptions: { hotUs } });
  device.ref();
  let went = 0;
  const kernel = await device.launch(
    image,
    { id: 'c', instances: 4, baseAddress: 64, queueCapacity: 64, onFull: 'wait' },
    { message: () => went++, deadLetter: () => {}, fault: () => {} },
  );
  await kernel.activate();
  return { device, kernel, went: () => went };
}

async function sendAll(kernel: DeviceKernel, count: number): Promise<void> {
  const options = {
    priority: 1,
    wantsReply: false,
    correlationLow: 0,
    correlationHigh: 0,
  } as const;
  for (let sent = 0; sent < count; ) {
    const status = kernel.inject(sent % 4, go, () => {}, {}, { ...options, deadlineMs: 0 });
    if (status === 'accepted') sent++;
    else await setImmediate();
  }
}

test.skipIf(noSimulation !== null)('messages need no native call, there or back', async () => {
  const calls: string[] = [];
  const restore = intercept((name, call) => (...given) => {
    calls.push(name);
    return call(...given);
  });
  const { device, kernel, went } = await launch(1_000_000);
  expect(calls).toContain('launch');
  calls.length = 0;
  await sendAll(kernel, 2_000);
  while (went() < 2_000) await setImmediate();
  // Every 200 ms the driver is asked whether the kernels still run, however many messages there are.
  expect(calls.filter((name) => name !== 'query')).toEqual([]);
  restore();
  await device.close();
});

test.skipIf(noSimulation !== null)(
  'where the engine refuses external ArrayBuffers, memory is of WebAssembly',
  async () => {
    const calls: string[] = [];
    const restore = intercept((name, call) => (...given) => {
      calls.push(name);
      if (name !== 'allocateHost') return call(...given);
      // What the addon throws there, see native/memory.cc.
      throw Object.assign(new Error('refused'), { code: 'RK_CUDA_NO_EXTERNAL_BUFFERS' });
    });
    const { device, kernel, went } = await launch(0);
    expect(calls).toContain('registerHost');
    await sendAll(kernel, 200);
    await device.settled();
    expect(went()).toBe(200);
    await device.close();
    restore();
  },
);
