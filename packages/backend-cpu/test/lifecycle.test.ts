import type { Worker } from 'node:worker_threads';
import type { DeviceKernel } from '@ringkernel/core';
import { afterEach, expect, test } from 'vitest';
import { adder, Collected, messages, plain, writeOne, writeTwo } from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

test('a launched kernel queues and runs when it is activated', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 3, activate: false }, seen);
  for (let i = 0; i < 30; i++) kernel.inject(i % 3, messages.add, writeOne, i, plain);
  await device.settled();
  expect([kernel.state, kernel.counters().pending, kernel.counters().handled]).toEqual([
    'launched',
    30,
    0,
  ]);
  expect(kernel.counters().maxDepth).toBe(10);
  await kernel.activate();
  await device.settled();
  expect([kernel.state, kernel.counters().pending]).toEqual(['active', 0]);
  expect(seen.messages.filter((m) => m.instance === 1).map((m) => m.words[0])).toEqual(
    Array.from({ length: 10 }, (_, i) => i * 3 + 1),
  );
});

test('order holds through stops and starts in the middle of traffic', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 2, queueCapacity: 100_000 }, seen);
  for (let round = 0; round < 20; round++) {
    const changed = round % 2 === 0 ? kernel.deactivate() : kernel.activate();
    for (let i = 0; i < 100; i++) {
      kernel.inject(i % 2, messages.add, writeOne, round * 100 + i, plain);
    }
    await changed;
    for (let i = 0; i < 10; i++) {
      kernel.inject(0, messages.add, writeOne, 1_000_000 + round * 10 + i, plain);
    }
  }
  await kernel.activate();
  await device.settled();
  const first = seen.messages.filter((m) => m.instance === 0).map((m) => m.words[0] as number);
  const sorted = (from: number, to: number) => first.filter((v) => v >= from && v < to);
  for (const part of [sorted(0, 1_000_000), sorted(1_000_000, 2_000_000)]) {
    expect(part).toEqual([...part].sort((a, b) => a - b));
  }
  expect(kernel.counters().handled).toBe(20 * 110);
});

test('urgent messages first, and nobody is passed over for ever', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { activate: false }, seen);
  const inject = (value: number, priority: number) =>
    kernel.inject(0, messages.add, writeOne, value, { ...plain, priority });
  inject(1, 1);
  inject(0, 0);
  for (let i = 0; i < 200; i++) inject(1_000 + i, 3);
  inject(2, 2);
  await kernel.activate();
  await device.settled();
  const { emitted } = seen;
  expect(emitted.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, i) => 1_000 + i));
  expect(emitted.indexOf(2)).toBeLessThan(70);
  expect(emitted.indexOf(0)).toBeLessThan(200);
  expect(emitted.filter((v) => v >= 1_000)).toEqual(
    Array.from({ length: 200 }, (_, i) => 1_000 + i),
  );
});

test('terminate handles what waits', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 4 }, seen);
  for (let i = 0; i < 1_000; i++) kernel.inject(i % 4, messages.add, writeOne, i, plain);
  expect(await kernel.terminate(10_000)).toEqual({ drained: true });
  expect([kernel.state, seen.messages.length]).toEqual(['terminated', 1_000]);
  expect(kernel.inject(0, messages.add, writeOne, 1, plain)).toBe('closed');
});

test('terminate without time gives back what waits as dead letters', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { activate: false }, seen);
  for (let i = 0; i < 10; i++) kernel.inject(0, messages.add, writeOne, i, plain);
  expect(await kernel.terminate(0)).toEqual({ drained: false });
  expect(seen.letters.map((l) => l.reason)).toEqual(Array(10).fill('terminated'));
  const c = kernel.counters();
  expect([c.sent, c.deadLettered.terminated, c.pending]).toEqual([10, 10, 0]);
});

/** Messages that each keep their handler busy for 10 ms; all of them would take 10 seconds. */
async function busy(workers: number): Promise<[DeviceKernel, Collected]> {
  const device = await open({ workers });
  const seen = new Collected();
  const kernel = await launch(device, adder, {}, seen);
  for (let i = 0; i < 1_000; i++) kernel.inject(0, messages.spin, writeOne, 10, plain);
  return [kernel, seen];
}

const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('terminate ends a kernel within a long turn, and nothing of it runs afterwards', async () => {
  const [kernel, seen] = await busy(1);
  expect(await kernel.terminate(20)).toEqual({ drained: false });
  const c = kernel.counters();
  expect([c.sent, c.pending, c.handled + c.deadLettered.terminated]).toEqual([1_000, 0, 1_000]);
  expect(c.handled).toBeLessThan(256);
  expect(seen.letters.length).toBe(c.deadLettered.terminated);
  expect(new Set(seen.letters.map((l) => l.reason))).toEqual(new Set(['terminated']));
  await passing(100);
  expect(kernel.counters().handled).toBe(c.handled);
});

test('deactivate acts within a long turn, and activate goes on where it stopped', async () => {
  const [kernel] = await busy(2);
  await kernel.deactivate();
  const { handled, pending } = kernel.counters();
  expect(handled).toBeLessThan(256);
  await passing(100);
  expect([kernel.counters().handled, handled + pending]).toEqual([handled, 1_000]);
  await kernel.activate();
  await kernel.deactivate();
  const later = kernel.counters();
  expect([later.handled < handled + 256, later.handled + later.pending]).toEqual([true, 1_000]);
});

test('a handler that outlasts terminate: what waits behind it is never handled', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, adder, {}, seen);
  kernel.inject(0, messages.spin, writeOne, 3_000, plain);
  for (let i = 0; i < 10; i++) kernel.inject(0, messages.add, writeOne, i, plain);
  await passing(100); // long enough for it to begin, most likely; what is expected holds either way
  expect(await kernel.terminate(1)).toEqual({ drained: false });
  await expect.poll(() => kernel.counters().pending, { timeout: 20_000 }).toBe(0);
  const { handled, deadLettered } = kernel.counters();
  expect(handled + deadLettered.terminated).toBe(11);
  expect(deadLettered.terminated).toBeGreaterThanOrEqual(10);
  await expect.poll(() => seen.letters.length).toBe(deadLettered.terminated);
  expect(seen.emitted).toEqual([]);
});

test('a kernel that never stops talking to itself ends too', async () => {
  const device = await open({ workers: 2 });
  const kernel = await launch(device, adder, { instances: 2 }, new Collected());
  kernel.inject(0, messages.chain, writeTwo, [0, 0xffff_ffff], plain);
  expect(await kernel.terminate(10_000)).toEqual({ drained: true });
  const c = kernel.counters();
  expect(c.sent).toBe(c.handled + c.deadLettered.terminated);
  expect(c.deadLettered.terminated).toBe(1);
});

test('messages to a kernel that has ended are not found', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 2 }, seen);
  const gone = await launch(device, adder, { id: 'gone', baseAddress: 128 }, new Collected());
  await gone.terminate(1_000);
  kernel.inject(1, messages.send, writeTwo, [128, 2], plain);
  await device.settled();
  expect(seen.letters.map((l) => l.reason)).toEqual(['not-found', 'not-found']);
});

test('an idle device settles, closes twice, and refuses afterwards', async () => {
  const device = await open({ workers: 2 });
  await device.settled();
  await Promise.all([device.close(), device.close()]);
  await expect(launch(device, adder, {}, new Collected())).rejects.toMatchObject({
    code: 'RK_DEVICE_CLOSED',
  });
});

test('a device that can not be opened leaves no worker behind', async () => {
  const alive = new Set<Worker>();
  let begun = 0;
  const watch = (worker: Worker): void => {
    alive.add(worker);
    worker.once('exit', () => alive.delete(worker));
    if (++begun === 2) void worker.terminate();
  };
  process.on('worker', watch);
  try {
    await expect(open({ workers: 3 })).rejects.toMatchObject({ code: 'RK_DEVICE_LOST' });
    expect(begun).toBeGreaterThan(2);
    await expect.poll(() => alive.size).toBe(0);
  } finally {
    process.off('worker', watch);
  }
});

test('a launch that the end of the device comes upon says so', async () => {
  const device = await open({ workers: 2 });
  const endless = { image: adder.image, text: 'for (;;);' };
  const launched = launch(device, endless, {}, new Collected());
  void launched.catch(() => {});
  await device.close();
  await expect(launched).rejects.toMatchObject({ code: 'RK_DEVICE_CLOSED' });
});
