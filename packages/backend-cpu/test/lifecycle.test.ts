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
    code: 'RK_PROGRAM_REJECTED',
  });
});
