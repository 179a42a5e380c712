import type { FullPolicy } from '@ringkernel/core';
import { afterEach, expect, test } from 'vitest';
import { adder, Collected, messages, plain, writeOne, writeTwo } from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

async function stopped(onFull: FullPolicy, queueCapacity = 4) {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { activate: false, queueCapacity, onFull }, seen);
  const add = (value: number, priority = 1) =>
    kernel.inject(0, messages.add, writeOne, value, { ...plain, priority });
  return { device, seen, kernel, add };
}

for (const onFull of ['wait', 'reject'] as const) {
  test(`${onFull}: the host is told exactly when a mailbox is full`, async () => {
    const { device, seen, kernel, add } = await stopped(onFull);
    const said = Array.from({ length: 6 }, (_, i) => add(i));
    expect(said).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'full', 'full']);
    await device.settled();
    expect(add(9)).toBe('full');
    kernel.refuse(3);
    const room = kernel.room(0);
    await kernel.activate();
    await room;
    expect(add(4)).toBe('accepted');
    await device.settled();
    expect(seen.emitted).toEqual([0, 1, 2, 3, 4]);
    const c = kernel.counters();
    expect([c.sent, c.handled, c.rejected]).toEqual([8, 5, 3]);
  });
}

test('drop-oldest: the oldest of the least urgent go', async () => {
  const { device, seen, kernel, add } = await stopped('drop-oldest');
  for (let i = 0; i < 6; i++) expect(add(i, i === 0 ? 2 : 1)).toBe('accepted');
  await device.settled();
  expect(seen.letters.map((l) => [l.reason, l.payload[0]])).toEqual([
    ['queue-full', 1],
    ['queue-full', 2],
  ]);
  await kernel.activate();
  await device.settled();
  expect(seen.emitted).toEqual([0, 3, 4, 5]);
});

for (const onFull of ['wait', 'reject', 'drop-oldest'] as const) {
  test(`${onFull}: actors flood a stopped kernel`, async () => {
    const { device, seen, kernel } = await stopped(onFull, 10);
    const sender = await launch(device, adder, { id: 's', baseAddress: 128 }, new Collected());
    sender.inject(0, messages.send, writeTwo, [64, 25], plain);
    await device.settled();
    const waits = onFull === 'wait';
    const before = kernel.counters();
    expect([before.pending, before.parked]).toEqual([waits ? 25 : 10, waits ? 15 : 0]);
    expect(before.deadLettered['queue-full']).toBe(waits ? 0 : 15);
    await kernel.activate();
    await device.settled();
    const expected = Array.from({ length: 25 }, (_, i) => i);
    const kept = {
      wait: expected,
      reject: expected.slice(0, 10),
      'drop-oldest': expected.slice(15),
    };
    expect(seen.emitted).toEqual(kept[onFull]);
    expect([kernel.counters().pending, kernel.counters().parked]).toEqual([0, 0]);
  });
}

test('a lane that is full holds the host back, not the worker', async () => {
  const device = await open({ workers: 1, laneCapacity: 64 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { queueCapacity: 10_000 }, seen);
  for (let i = 0; i < 5_000; i++) {
    while (kernel.inject(0, messages.add, writeOne, i, plain) === 'full') await kernel.room(0);
  }
  await device.settled();
  expect(seen.emitted).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
});

test('a message that is late when its turn comes has expired', async () => {
  const device = await open({ workers: 1 }, { epochMs: Date.now() - 10_000 });
  const seen = new Collected();
  const kernel = await launch(device, adder, {}, seen);
  kernel.inject(0, messages.add, writeOne, 1, { ...plain, deadlineMs: 5_000 });
  kernel.inject(0, messages.add, writeOne, 2, { ...plain, deadlineMs: 10_000_000 });
  await device.settled();
  expect(seen.emitted).toEqual([2]);
  expect(seen.letters.map((l) => l.reason)).toEqual(['expired']);
});
