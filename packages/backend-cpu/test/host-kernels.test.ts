import { f64, type KernelImage, layoutOf, u32 } from '@ringkernel/core';
import { afterEach, expect, test } from 'vitest';
import {
  adder,
  Collected,
  launchOptions,
  messages,
  plain,
  writeOne,
  writeTwo,
} from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

const one = layoutOf({ value: u32 });
const answer = layoutOf({ value: u32, half: f64 });
const say = { name: 'Say', id: 1, layout: one };
const ask = { name: 'Ask', id: 21, layout: one, reply: { id: 22, layout: answer } };
const said = { name: 'Said', id: 23, layout: one };

function hostImage(program: {
  source?: string;
  moduleUrl?: string;
  exportName?: string;
}): KernelImage {
  return {
    name: 'loop',
    hash: 3,
    state: layoutOf({}),
    messages: [say, ask],
    emits: [said],
    program: { kind: 'host', ...program },
  };
}

const echo = `async (ctx) => {
  const { setTimeout: sleep } = await import('node:timers/promises');
  while (!ctx.shouldTerminate) {
    const m = await ctx.receive({ timeoutMs: 5000 });
    if (m === undefined) continue;
    if (m.type === 'Ask') {
      await sleep(1);
      ctx.reply(m, { value: m.value + ctx.index, half: m.value / 2 });
    } else if (m.value === 13) throw new RangeError('unlucky');
    else ctx.emit('Said', { value: m.value });
  }
  ctx.emit('Said', { value: 999 });
}`;

async function launched(source: string, more: { instances?: number; workers?: number } = {}) {
  const { workers = 2, instances = 1 } = more;
  const device = await open({ workers });
  const seen = new Collected();
  const kernel = await device.launch(hostImage({ source }), launchOptions({ instances }), seen);
  return { device, seen, kernel };
}

test('a loop takes its messages, answers after a while, and ends when it is asked to', async () => {
  const { device, seen, kernel } = await launched(echo, { instances: 3 });
  await kernel.activate();
  device.ref();
  for (let i = 0; i < 30; i++) kernel.inject(i % 3, say, writeOne, i === 13 ? 130 : i, plain);
  const replied = new Promise<void>((resolve) => {
    const message = seen.message.bind(seen);
    seen.message = (m) => {
      message(m);
      if (seen.messages.filter((x) => x.kind === 'reply').length === 3) resolve();
    };
  });
  for (let i = 0; i < 3; i++) {
    const asked = { ...plain, wantsReply: true, correlationLow: 70 + i };
    kernel.inject(i, ask, writeOne, 100, asked);
  }
  await replied;
  device.unref();
  const replies = seen.messages.filter((m) => m.kind === 'reply');
  expect(replies.map((m) => [m.correlation, m.words[0]]).sort()).toEqual([
    [70, 100],
    [71, 101],
    [72, 102],
  ]);
  expect(await kernel.terminate(10_000)).toEqual({ drained: true });
  for (let i = 0; i < 3; i++) {
    const values = seen.messages.filter((m) => m.instance === i && m.kind === 'emit');
    expect(values.map((m) => m.words[0])).toEqual([
      ...Array.from({ length: 10 }, (_, k) => (k * 3 + i === 13 ? 130 : k * 3 + i)),
      999,
    ]);
  }
  const c = kernel.counters();
  expect([c.sent, c.handled, c.replied, c.emitted, c.pending]).toEqual([33, 33, 3, 33, 0]);
});

test('receive waits while the kernel is stopped', async () => {
  const { device, seen, kernel } = await launched(echo);
  for (let i = 0; i < 5; i++) kernel.inject(0, say, writeOne, i, plain);
  await device.settled();
  expect([seen.emitted, kernel.counters().pending]).toEqual([[], 5]);
  await kernel.activate();
  await device.settled();
  expect(seen.emitted).toEqual([0, 1, 2, 3, 4]);
  await kernel.deactivate();
  for (let i = 5; i < 8; i++) kernel.inject(0, say, writeOne, i, plain);
  await device.settled();
  expect([seen.emitted.length, kernel.counters().pending]).toEqual([5, 3]);
  await kernel.activate();
  await device.settled();
  expect(seen.emitted).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('receive waits for ever when it is told so', async () => {
  const waiting = `async (ctx) => {
    process.on('warning', () => ctx.emit('Said', { value: 7 })); // a timer was asked for more than it can wait
    const m = await ctx.receive({ timeoutMs: Infinity });
    await new Promise((resolve) => setTimeout(resolve, 1));
    ctx.emit('Said', { value: m.value });
  }`;
  const { device, seen, kernel } = await launched(waiting, { workers: 1 });
  await kernel.activate();
  await device.settled();
  kernel.inject(0, say, writeOne, 4, plain);
  await expect.poll(() => seen.emitted.includes(4)).toBe(true);
  expect(seen.emitted).toEqual([4]);
});

test('a loop that throws fails its instance, with the error', async () => {
  const { device, seen, kernel } = await launched(echo, { instances: 2 });
  await kernel.activate();
  kernel.inject(1, say, writeOne, 13, plain);
  kernel.inject(1, say, writeOne, 14, plain);
  kernel.inject(0, say, writeOne, 1, plain);
  await device.settled();
  expect(seen.faults[0]).toMatchObject({ instance: 1, site: 0 });
  expect(seen.faults[0]?.error?.cause).toMatchObject({ name: 'RangeError', message: 'unlucky' });
  expect(seen.letters.map((l) => l.reason)).toEqual(['instance-failed']);
  expect([seen.emitted, kernel.counters().errors]).toEqual([[1], 1]);
});

test('portable actors and loops talk on the same workers', async () => {
  const { device, seen, kernel } = await launched(echo, { instances: 2, workers: 1 });
  await kernel.activate();
  const actors = await launch(device, adder, { id: 'a', baseAddress: 128 }, new Collected());
  actors.inject(0, messages.send, writeTwo, [65, 10], plain);
  actors.inject(0, messages.chain, writeTwo, [0, 10_000], plain);
  await device.settled();
  expect(seen.messages.filter((m) => m.instance === 1).map((m) => m.words[0])).toEqual(
    Array.from({ length: 10 }, (_, i) => i),
  );
  expect(actors.counters().handled).toBe(10_002);
});

test('a loop from a module; a module without it is refused', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const moduleUrl = `data:text/javascript,${encodeURIComponent(`export const loop = ${echo};`)}`;
  const image = hostImage({ moduleUrl, exportName: 'loop' });
  const kernel = await device.launch(image, launchOptions(), seen);
  await kernel.activate();
  kernel.inject(0, say, writeOne, 4, plain);
  await device.settled();
  expect(seen.emitted).toEqual([4]);
  const missing = hostImage({ moduleUrl, exportName: 'other' });
  const options = launchOptions({ id: 'm', baseAddress: 128 });
  await expect(device.launch(missing, options, seen)).rejects.toMatchObject({
    code: 'RK_PROGRAM_REJECTED',
  });
});

test('in lockstep there are no host-only kernels', async () => {
  const device = await open({ workers: 1 }, { schedule: 'lockstep' });
  const image = hostImage({ source: echo });
  await expect(device.launch(image, launchOptions(), new Collected())).rejects.toMatchObject({
    code: 'RK_NOT_SUPPORTED',
  });
});

test('of a kernel that has ended nothing is kept', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const bytes = 8 << 20;
  const hold = `async function loop(ctx) {
    loop.held = new Uint8Array(${bytes}); // as long as the program is kept
    const held = process.memoryUsage().arrayBuffers;
    ctx.emit('Said', { value: Math.floor(held / ${bytes}) });
    await ctx.receive();
  }`;
  for (let i = 0; i < 60; i++) {
    const options = launchOptions({ id: `k${i}`, baseAddress: 64 * (i + 1) });
    const kernel = await device.launch(hostImage({ source: hold }), options, seen);
    await kernel.activate();
    await expect.poll(() => seen.emitted.length).toBe(i + 1);
    await kernel.terminate(1_000);
  }
  expect(seen.emitted.at(-1)).toBeLessThan(30);
});
