import { setImmediate } from 'node:timers/promises';
import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, type KernelImage, type MessageDescriptor, u32 } from '@ringkernel/core';
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

/** Names of the addon's functions in the order in which they are called from now on. */
function watchCalls(): string[] {
  const calls: string[] = [];
  const addon = loadAddon() as unknown as Record<string, unknown>;
  for (const [name, call] of Object.entries(addon)) {
    if (typeof call !== 'function') continue;
    addon[name] = (...given: unknown[]) => {
      calls.push(name);
      return call(...given);
    };
  }
  return calls;
}

test.skipIf(noSimulation !== null)('messages need no native call, there or back', async () => {
  const calls = watchCalls();
  const device = await simulatedBackend.open({ backendOptions: { hotUs: 1_000_000 } });
  device.ref();
  let went = 0;
  const sink = { message: () => went++, deadLetter: () => {}, fault: () => {} };
  const kernel = await device.launch(
    image,
    { id: 'c', instances: 4, baseAddress: 64, queueCapacity: 64, onFull: 'wait' },
    sink,
  );
  await kernel.activate();
  expect(calls).toContain('launch');
  calls.length = 0;
  for (let sent = 0; sent < 2_000; ) {
    const status = kernel.inject(
      sent % 4,
      go,
      () => {},
      {},
      {
        priority: 1,
        wantsReply: false,
        correlationLow: 0,
        correlationHigh: 0,
        deadlineMs: 0,
      },
    );
    if (status === 'accepted') sent++;
    else await setImmediate();
  }
  while (went < 2_000) await setImmediate();
  // Every 200 ms the driver is asked whether the kernels still run, however many messages there are.
  expect(calls.filter((name) => name !== 'query')).toEqual([]);
  await device.close();
});
