import { setImmediate } from 'node:timers/promises';
import type { DeviceKernel } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { loadAddon } from '../dist/native/load.js';
import { type Going, openGoing, sendGo } from './going.ts';
import { noSimulation } from './simulation.ts';

type Call = (...given: unknown[]) => unknown;

/** What stands between the program and the addon, until it is taken away. */
function intercept(by: (name: string, call: Call) => Call): () => void {
  const addon = loadAddon() as unknown as Record<string, unknown>;
  const calls = Object.entries(addon).filter(([, value]) => typeof value === 'function');
  for (const [name, call] of calls) addon[name] = by(name, call as Call);
  return () => Object.assign(addon, Object.fromEntries(calls));
}

async function launch(hotUs: number): Promise<Going> {
  const going = await openGoing({ hotUs }, { instances: 4, queueCapacity: 64 });
  await going.kernel.activate();
  return going;
}

async function sendAll(kernel: DeviceKernel, count: number): Promise<void> {
  for (let sent = 0; sent < count; ) {
    if (sendGo(kernel, sent % 4) === 'accepted') sent++;
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
