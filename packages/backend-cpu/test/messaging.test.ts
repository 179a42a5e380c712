import type { DeviceKernel, DeviceLaunchOptions } from '@ringkernel/core';
import { afterEach, expect, test } from 'vitest';
import { adder, Collected, messages, plain, writeOne, writeTwo } from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

async function adders(
  workers: number,
  more: Partial<DeviceLaunchOptions> = {},
): Promise<{ kernel: DeviceKernel; seen: Collected; settled: () => Promise<void> }> {
  const device = await open({ workers });
  const seen = new Collected();
  const kernel = await launch(device, adder, more, seen);
  return { kernel, seen, settled: () => device.settled() };
}

for (const workers of [1, 2, 3]) {
  test(`messages reach their instance in order, ${workers} workers`, async () => {
    const { kernel, seen, settled } = await adders(workers, { instances: 5 });
    for (let value = 0; value < 1_000; value++) {
      expect(kernel.inject(value % 5, messages.add, writeOne, value, plain)).toBe('accepted');
    }
    await settled();
    for (let i = 0; i < 5; i++) {
      const values = seen.messages.filter((m) => m.instance === i).map((m) => m.words[0]);
      expect(values).toEqual(Array.from({ length: 200 }, (_, k) => k * 5 + i));
      const state = new DataView((await kernel.readState(i)).buffer);
      expect(state.getUint32(4, true)).toBe(200);
    }
  });

  test(`a reply carries the correlation back, ${workers} workers`, async () => {
    const { kernel, seen, settled } = await adders(workers, { instances: 3 });
    for (let i = 0; i < 30; i++) {
      kernel.inject(i % 3, messages.add, writeOne, i, plain);
      const asked = { ...plain, wantsReply: true, correlationLow: 100 + i };
      kernel.inject(i % 3, messages.get, writeOne, 0, asked);
    }
    await settled();
    const replies = seen.messages.filter((m) => m.kind === 'reply');
    expect(replies.map((m) => m.correlation).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => 100 + i),
    );
    for (const { correlation, words } of replies) {
      expect(words[1]).toBe(Math.floor((correlation - 100) / 3) + 1);
    }
  });

  test(`actors send each other messages, ${workers} workers`, async () => {
    const { kernel, settled } = await adders(workers, { instances: 150 });
    kernel.inject(0, messages.chain, writeTwo, [0, 10_000], plain);
    await settled();
    const { sent, handled, pending } = kernel.counters();
    expect([sent, handled, pending]).toEqual([10_001, 10_001, 0]);
  });

  test(`more messages than any queue holds, ${workers} workers`, async () => {
    const { kernel, settled } = await adders(workers, { instances: 4 });
    const count = 60_000;
    for (let i = 1; i < 4; i++) kernel.inject(i, messages.send, writeTwo, [64, count], plain);
    await settled();
    const state = new DataView((await kernel.readState(0)).buffer);
    expect(state.getUint32(4, true)).toBe(3 * count);
    expect(kernel.counters().handled).toBe(3 * count + 3);
  });
}

test('the counters follow the traffic', async () => {
  const { kernel, settled } = await adders(1);
  for (let i = 0; i < 100; i++) kernel.inject(0, messages.add, writeOne, 1, plain);
  kernel.inject(0, messages.get, writeOne, 0, { ...plain, wantsReply: true });
  await settled();
  const c = kernel.counters();
  expect([c.sent, c.handled, c.emitted, c.replied]).toEqual([101, 101, 100, 1]);
  expect([c.bytesIn, c.bytesOut, c.latency.count]).toEqual([404, 408, 101]);
  expect(c.latency.minUs).toBeLessThanOrEqual(c.latency.p50Us);
  expect(c.latency.p999Us).toBeLessThanOrEqual(c.latency.maxUs);
});

test('ids and stamps grow', async () => {
  const device = await open({ workers: 1 });
  const stamps: number[][] = [];
  const sink = new Collected();
  sink.message = (m) => {
    stamps.push([m.physicalHigh, m.physicalLow, m.logical, m.idHigh, m.idLow]);
  };
  const kernel = await launch(device, adder, {}, sink);
  for (let i = 0; i < 2_000; i++) {
    kernel.inject(0, messages.add, writeOne, i, plain);
    if (i % 500 === 0) await device.settled();
  }
  await device.settled();
  expect(stamps.length).toBe(2_000);
  for (let i = 1; i < stamps.length; i++) {
    const [a, b] = [stamps[i - 1] as number[], stamps[i] as number[]];
    const at = [0, 1, 2].find((k) => a[k] !== b[k]) ?? -1;
    expect(at, `stamp ${i} repeats`).toBeGreaterThanOrEqual(0);
    expect(b[at] as number).toBeGreaterThan(a[at] as number);
    expect((b[4] as number) - (a[4] as number)).toBe(1);
  }
});

test('nobody at an address: a dead letter, counted by the sender', async () => {
  const { kernel, seen, settled } = await adders(1);
  kernel.inject(0, messages.send, writeTwo, [999, 3], plain);
  await settled();
  expect(seen.letters.map((l) => [l.reason, l.source, l.destination, l.payload.length])).toEqual(
    Array(3).fill(['not-found', 64, 999, 4]),
  );
  const { sent, handled, deadLettered } = kernel.counters();
  expect([sent, handled, deadLettered['not-found']]).toEqual([4, 1, 3]);
});

test('a reply that nobody wants and a message nobody knows are dead letters', async () => {
  const { kernel, seen, settled } = await adders(1);
  kernel.inject(0, messages.get, writeOne, 0, plain);
  kernel.inject(0, { ...messages.add, id: 12_345 }, writeOne, 7, plain);
  await settled();
  expect(seen.letters.map((l) => l.reason)).toEqual(['no-reply-expected', 'invalid']);
  expect(new DataView(seen.letters[1]?.payload.buffer as ArrayBuffer).getUint32(0, true)).toBe(7);
});
