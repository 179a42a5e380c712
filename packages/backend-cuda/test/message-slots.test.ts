import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  codecOf,
  type Device,
  type DeviceKernel,
  type KernelImage,
  type MessageDescriptor,
  ref,
  type Schedule,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const Sink = actor('SlotSink', {
  state: { got: u32, wrong: u32, next: u32 },
  messages: { Item: { number: u32 } },
  on: {
    Item(ctx, m) {
      if (m.number !== ctx.state.next) ctx.state.wrong += 1;
      ctx.state.next = m.number + 1;
      ctx.state.got += 1;
    },
  },
});

const Burst = actor('SlotBurst', {
  state: { sent: u32 },
  messages: { Go: { target: ref(() => Sink), count: u32 } },
  on: {
    Go(ctx, m) {
      for (let i = u32(0); i < m.count; i++) {
        ctx.send(m.target, 'Item', { number: ctx.state.sent });
        ctx.state.sent += 1;
      }
    },
  },
});

const images = { sink: compile(Sink), burst: compile(Burst) };
const messageSlots = 64;

interface Launched {
  readonly kernel: DeviceKernel;
  readonly letters: string[];
}

async function open(schedule: Schedule = 'async'): Promise<Device> {
  const backendOptions = { messageSlots, laneCapacity: 16, workers: 2 };
  const device = await simulatedBackend.open({ schedule, backendOptions });
  device.ref();
  return device;
}

async function launch(device: Device, image: KernelImage, address: number): Promise<Launched> {
  const letters: string[] = [];
  const kernel = await device.launch(
    image,
    {
      id: image.name,
      instances: 4,
      baseAddress: address,
      queueCapacity: 10_000,
      onFull: 'wait',
    },
    { message: () => {}, deadLetter: ({ reason }) => letters.push(reason), fault: () => {} },
  );
  return { kernel, letters };
}

async function send(
  { kernel }: Launched,
  image: KernelImage,
  instance: number,
  fields: Record<string, number>,
): Promise<void> {
  const message = image.messages[0] as MessageDescriptor;
  const codec = codecOf(message.layout);
  const options = { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0 };
  const inject = (): string =>
    kernel.inject(
      instance,
      message,
      (view, at, value: Record<string, number>) => codec.encode(view, at, value),
      fields,
      { ...options, deadlineMs: 0 },
    );
  while (inject() !== 'accepted') await kernel.room(instance);
}

async function words(kernel: DeviceKernel, instance: number): Promise<readonly number[]> {
  return [...new Uint32Array((await kernel.readState(instance)).buffer)];
}

describe.skipIf(noSimulation !== null)('more messages than slots', () => {
  test('what handlers send beyond them goes through the host, in order, and nothing is lost', async () => {
    const device = await open();
    const sink = await launch(device, images.sink, 64);
    const burst = await launch(device, images.burst, 128);
    // One handler alone sends ten times as much, while nobody takes anything.
    for (let i = 0; i < 4; i++) {
      await send(burst, images.burst, i, { target: 64 + i, count: 10 * messageSlots });
      await send(burst, images.burst, i, { target: 64 + i, count: 5 });
    }
    await burst.kernel.activate();
    while (burst.kernel.counters().handled < 8) await new Promise((r) => setTimeout(r, 1));
    await sink.kernel.activate();
    await device.settled();
    const each = 10 * messageSlots + 5;
    for (let i = 0; i < 4; i++) expect(await words(sink.kernel, i)).toEqual([each, 0, each]);
    expect([sink.letters, burst.letters]).toEqual([[], []]);
    expect(sink.kernel.counters()).toMatchObject({ sent: 4 * each, handled: 4 * each, pending: 0 });
    await device.close();
  });

  test('a kernel whose waiting messages take all slots can still be activated', async () => {
    const device = await open();
    const sink = await launch(device, images.sink, 64);
    // All slots, and the lane behind them.
    for (let i = 0; i < messageSlots + 10; i++) await send(sink, images.sink, 0, { number: i });
    await sink.kernel.activate();
    await device.settled();
    expect(await words(sink.kernel, 0)).toEqual([messageSlots + 10, 0, messageSlots + 10]);
    await device.close();
  });

  test('a kernel that ends buries them wherever they are, and the device settles', async () => {
    const device = await open();
    const sink = await launch(device, images.sink, 64);
    const burst = await launch(device, images.burst, 128);
    const other = await launch(device, images.sink, 192);
    await send(burst, images.burst, 0, { target: 64, count: 5 * messageSlots });
    await send(burst, images.burst, 0, { target: 192, count: 7 });
    await other.kernel.activate();
    await burst.kernel.activate();
    while (burst.kernel.counters().handled < 2) await new Promise((r) => setTimeout(r, 1));
    expect(await sink.kernel.terminate(0)).toEqual({ drained: false });
    expect(sink.letters).toEqual(Array.from({ length: 5 * messageSlots }, () => 'terminated'));
    expect(sink.kernel.counters()).toMatchObject({ sent: 5 * messageSlots, pending: 0 });
    await device.settled();
    // They went behind the others.
    expect(await words(other.kernel, 0)).toEqual([7, 1, 5 * messageSlots + 7]);
    await device.close();
  });

  test('in lockstep they are dead letters, and what the host sent comes in later rounds', async () => {
    const device = await open('lockstep');
    const sink = await launch(device, images.sink, 64);
    const burst = await launch(device, images.burst, 128);
    await sink.kernel.activate();
    await burst.kernel.activate();
    await send(burst, images.burst, 0, { target: 64, count: 2 * messageSlots });
    await device.step(2);
    const { sent, handled, deadLettered, pending } = sink.kernel.counters();
    expect([sent, pending]).toEqual([2 * messageSlots, 0]);
    expect(deadLettered['queue-full']).toBe(2 * messageSlots - handled);
    expect(deadLettered['queue-full']).toBe(sink.letters.length);
    expect(handled).toBeLessThanOrEqual(messageSlots);
    for (let i = 0; i < 3 * messageSlots; i++) await send(sink, images.sink, 1, { number: i });
    await device.step(4);
    expect(await words(sink.kernel, 1)).toEqual([3 * messageSlots, 0, 3 * messageSlots]);
    await device.close();
  });
});
