import { backend } from '@ringkernel/backend-webgpu';
import { compile } from '@ringkernel/compiler';
import { actor, type DeviceKernel, type KernelSink, u32 } from '@ringkernel/core';
import { beforeAll, expect, test } from 'vitest';
import { startWatching, watch } from './watched.ts';

const here = (await backend.probe()).available;
beforeAll(startWatching);

/** Answers itself, more urgently, and tells the order. */
const Order = actor('Order', {
  state: { handled: u32 },
  messages: { Step: { value: u32, hops: u32 } },
  emits: { Did: { value: u32 } },
  on: {
    Step(ctx, m) {
      ctx.emit('Did', { value: m.value });
      if (m.hops > 0) {
        ctx.send(
          ctx.self,
          'Step',
          { value: m.value + 100, hops: m.hops - 1 },
          { priority: 'high' },
        );
      }
    },
  },
});

interface Run {
  readonly values: number[];
  readonly step: (value: number, hops: number) => void;
  readonly kernel: DeviceKernel;
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function start(backendOptions: Record<string, unknown>): Promise<Run> {
  const device = await backend.open({ backendOptions });
  const image = compile(Order);
  const values: number[] = [];
  const sink: KernelSink = {
    message: ({ view, byteOffset }) => void values.push(view.getUint32(byteOffset, true)),
    deadLetter() {},
    fault() {},
  };
  const options = {
    id: 'k',
    instances: 1,
    baseAddress: 64,
    queueCapacity: 64,
    onFull: 'wait',
  } as const;
  const kernel = await device.launch(image, options, sink);
  const [message] = image.messages;
  if (message === undefined) throw new Error('Order has no message');
  const plain = {
    priority: 1,
    correlationLow: 0,
    correlationHigh: 0,
    wantsReply: false,
    deadlineMs: 0,
  };
  const write = (view: DataView, at: number, [value, hops]: [number, number]): void => {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, hops, true);
  };
  return {
    values,
    kernel,
    step: (value, hops) => void kernel.inject(0, message, write, [value, hops], plain),
    settled: () => device.settled(),
    close: () => device.close(),
  };
}

test.skipIf(!here)(
  'messagesPerTick: what an instance handles before it sees what is new',
  async () => {
    const orders: Record<number, number[]> = {};
    for (const messagesPerTick of [1, 256]) {
      const { values, step, kernel, settled, close } = await start({ messagesPerTick });
      step(1, 1);
      step(2, 1);
      await kernel.activate();
      await settled();
      orders[messagesPerTick] = [...values];
      await close();
    }
    expect(orders).toEqual({ 1: [1, 101, 2, 102], 256: [1, 2, 101, 102] });
  },
);

/** Submits that a message of 300 hops takes. */
async function submitsFor(backendOptions: Record<string, unknown>): Promise<number> {
  const { step, kernel, settled, close } = await start(backendOptions);
  await kernel.activate();
  step(0, 10);
  await settled();
  const before = watch.submits;
  step(0, 300);
  await settled();
  const submits = watch.submits - before;
  await close();
  return submits;
}

test.skipIf(!here)('ticks: how many rounds a submit may have', async () => {
  const single = await submitsFor({ ticks: 1 });
  const many = await submitsFor({ ticks: 64, submitMs: 1000 });
  expect(single).toBeGreaterThanOrEqual(301);
  expect(many).toBeLessThan(150);
});

test.skipIf(!here)('submitMs: rounds in a submit follow from how long they take', async () => {
  // A round in software takes far more than a hundredth of a millisecond.
  expect(await submitsFor({ ticks: 4096, submitMs: 1 })).toBeGreaterThan(
    await submitsFor({ ticks: 4096, submitMs: 1000 }),
  );
});

test.skipIf(!here)('lanes: how many submits are under way at once', async () => {
  const most: Record<number, number> = {};
  for (const lanes of [1, 3]) {
    const { step, kernel, settled, close } = await start({ lanes });
    await kernel.activate();
    await settled();
    watch.mostPending = 0;
    for (let i = 0; i < 20; i++) {
      step(i, 20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settled();
    most[lanes] = watch.mostPending;
    await close();
  }
  expect(most[1]).toBe(1);
  expect(most[3]).toBeGreaterThan(1);
});

test.skipIf(!here)('powerPreference is what the system is asked for', async () => {
  watch.wishes.length = 0;
  const device = await backend.open({ backendOptions: { powerPreference: 'low-power' } });
  expect(watch.wishes).toEqual([{ powerPreference: 'low-power' }]);
  const { id } = device.info;
  await device.close();
  const both = backend.open({ deviceId: id, backendOptions: { powerPreference: 'low-power' } });
  await expect(both).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
});

test.skipIf(!here)('an idle device submits nothing', async () => {
  const { step, kernel, settled, close } = await start({});
  await kernel.activate();
  step(1, 3);
  await settled();
  const before = watch.submits;
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(watch.submits).toBe(before);
  await close();
});
