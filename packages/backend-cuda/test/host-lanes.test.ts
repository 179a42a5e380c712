import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  connectHostLane,
  type HostLane,
  HostLaneError,
  simulatedBackend,
} from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  ask,
  type Device,
  DeviceClosedError,
  type DeviceKernel,
  DeviceLimitError,
  InvalidOptionError,
  type LanePort,
  type MessageDescriptor,
  NotSupportedError,
  type Schedule,
  SchemaError,
  TimeoutError,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const Meter = actor('LaneMeter', {
  state: { next: u32, wrong: u32, asked: u32 },
  messages: {
    Item: { number: u32 },
    Ask: ask({ x: u32 }, { twice: u32 }),
    Fail: ask({ code: u32 }, { never: u32 }),
    Mute: ask({}, { never: u32 }),
  },
  on: {
    Item(ctx, m) {
      if (m.number !== ctx.state.next) ctx.state.wrong += 1;
      ctx.state.next += 1;
    },
    Ask(ctx, m) {
      ctx.state.asked += 1;
      ctx.reply({ twice: m.x + m.x });
    },
    Fail(ctx, m) {
      ctx.fail(m.code);
    },
    Mute() {},
  },
});

const image = compile(Meter);
const [item, twice, fail, mute] = image.messages as readonly [
  MessageDescriptor,
  MessageDescriptor,
  MessageDescriptor,
  MessageDescriptor,
];
const base = 64;

interface Opened {
  readonly device: Device;
  readonly kernel: DeviceKernel;
  readonly letters: string[];
  readonly told: string[];
}

async function open(
  backendOptions: Readonly<Record<string, unknown>>,
  schedule: Schedule = 'async',
): Promise<Opened> {
  const device = await simulatedBackend.open({
    schedule,
    epochMs: Date.now(),
    backendOptions: { workers: 2, maxPayloadBytes: 64, ...backendOptions },
  });
  device.ref();
  const letters: string[] = [];
  const told: string[] = [];
  const kernel = await device.launch(
    image,
    { id: 'meter', instances: 4, living: 3, baseAddress: base, queueCapacity: 64, onFull: 'wait' },
    {
      message: ({ kind }) => told.push(kind),
      deadLetter: ({ reason }) => letters.push(reason),
      fault: () => told.push('fault'),
    },
  );
  await kernel.activate();
  return { device, kernel, letters, told };
}

function openLane(device: Device): LanePort {
  if (device.openHostLane === undefined) throw new Error('a device of this backend has lanes');
  return device.openHostLane();
}

async function words(kernel: DeviceKernel, instance: number): Promise<readonly number[]> {
  return [...new Uint32Array((await kernel.readState(instance)).buffer)];
}

/** Sends a question the way of the thread that opened the device. */
function inject(kernel: DeviceKernel, instance: number, x: number): string {
  return kernel.inject(instance, twice, (view, at) => view.setUint32(at, x, true), null, {
    priority: 1,
    wantsReply: true,
    correlationLow: 1,
    correlationHigh: 0,
    deadlineMs: 0,
  });
}

async function sendItems(lane: HostLane, address: number, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    while (!lane.send(address, item, { number })) await lane.room();
  }
}

/** A thread that has a lane, and what it says at the end. */
async function sender(device: Device, address: number, count: number): Promise<unknown> {
  const port = openLane(device);
  const workerData = { port, address, count, item, ask: twice };
  const thread = new Worker(new URL('lane-sender.mjs', import.meta.url), { workerData });
  const [answer] = await once(thread, 'message');
  return answer;
}

describe.skipIf(noSimulation !== null)('lanes of other threads', () => {
  test('threads send and call by themselves, each in its order, and nothing is lost or counted twice', async () => {
    const { device, kernel, letters, told } = await open({
      hostLanes: 4,
      laneCapacity: 16,
      messageSlots: 64,
    });
    const count = 2_000;
    const threads = [0, 1, 2].map((i) => sender(device, base + i, count));
    // The one that opened the device sends, too, to all of them.
    for (let i = 0; i < 300; i++) {
      while (inject(kernel, i % 3, 1) !== 'accepted') await kernel.room(i % 3);
    }
    expect(await Promise.all(threads)).toEqual(threads.map(() => ({ right: count / 4 })));
    await device.settled();
    for (let i = 0; i < 3; i++) {
      expect(await words(kernel, i)).toEqual([count, 0, count / 4 + 100]);
    }
    const all = 3 * (count + count / 4) + 300;
    expect(kernel.counters()).toMatchObject({
      sent: all,
      handled: all,
      pending: 0,
      replied: 3 * (count / 4) + 300,
    });
    // Replies to the threads went to them, those to the opener here.
    expect([told, letters]).toEqual([Array.from({ length: 300 }, () => 'reply'), []]);
    await device.close();
  }, 120_000);

  test('hostLanes is how many threads can have one, and a lane given back is given out again', async () => {
    const { device, kernel } = await open({ hostLanes: 2 });
    const port = openLane(device);
    expect(() => openLane(device)).toThrow(DeviceLimitError);
    const lane = connectHostLane(structuredClone(port));
    expect(() => connectHostLane(port)).toThrow(HostLaneError);
    expect(await lane.call(base, twice, { x: 4 })).toEqual({ twice: 8 });
    await sendItems(lane, base, 5);
    lane.close();
    expect(() => lane.send(base, item, { number: 0 })).toThrow(HostLaneError);
    const next = openLane(device);
    expect(() => connectHostLane(port)).toThrow(HostLaneError);
    const again = connectHostLane(next);
    await sendItems(again, base + 1, 5);
    expect(await again.call(base + 1, twice, { x: 5 })).toEqual({ twice: 10 });
    await device.settled();
    expect([await words(kernel, 0), await words(kernel, 1)]).toEqual([
      [5, 0, 1],
      [5, 0, 1],
    ]);
    await device.close();
    const alone = await open({});
    expect(() => openLane(alone.device)).toThrow(DeviceLimitError);
    await alone.device.close();
  });

  test('what is wrong is a typed error, and sends nothing', async () => {
    const { device, kernel } = await open({ hostLanes: 2 });
    const lane = connectHostLane(openLane(device));
    expect(() => lane.send(base, item, { number: -1 })).toThrow(SchemaError);
    await expect(lane.call(base, twice, { x: 'y' })).rejects.toThrow(SchemaError);
    await expect(lane.call(base, item, { number: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(lane.call(base, twice, { x: 0 }, { timeoutMs: 0 })).rejects.toThrow(
      InvalidOptionError,
    );
    expect(() => lane.send(0, item, { number: 0 })).toThrow(InvalidOptionError);
    expect(() => connectHostLane({} as LanePort)).toThrow(InvalidOptionError);
    await device.settled();
    expect(kernel.counters().sent).toBe(0);
    const refused = expect(lane.call(base, mute, {})).rejects.toThrow(DeviceClosedError);
    await device.close();
    await refused;
    expect(() => lane.send(base, item, { number: 0 })).toThrow(DeviceClosedError);
    expect(() => openLane(device)).toThrow(DeviceClosedError);
    const lockstep = await open({ hostLanes: 2 }, 'lockstep');
    expect(() => openLane(lockstep.device)).toThrow(NotSupportedError);
    await lockstep.device.close();
  });

  test('callers learn that no reply comes, and why', async () => {
    const { device, kernel, letters } = await open({ hostLanes: 2 });
    const lane = connectHostLane(openLane(device));
    await expect(lane.call(base, mute, {}, { timeoutMs: 50 })).rejects.toThrow(TimeoutError);
    const failed = { code: 'RK_CUDA_HOST_CALL', address: base, messageName: 'Fail' };
    await expect(lane.call(base, fail, { code: 7 })).rejects.toMatchObject({
      ...failed,
      reason: 'fault',
    });
    await expect(lane.call(base, fail, { code: 7 })).rejects.toMatchObject({
      reason: 'instance-failed',
    });
    await expect(lane.call(base + 3, twice, { x: 1 })).rejects.toMatchObject({
      reason: 'terminated', // nobody lives there yet
    });
    expect(lane.undelivered).toBe(0);
    await expect(lane.call(9_999, twice, { x: 1 })).rejects.toMatchObject({ reason: 'not-found' });
    expect(lane.send(9_999, item, { number: 0 })).toBe(true);
    await device.settled();
    expect(lane.undelivered).toBe(2);
    expect(letters).toEqual(['instance-failed', 'terminated']);
    const { sent, handled, pending } = kernel.counters();
    expect([sent, handled, pending]).toEqual([4, 2, 0]);
    await device.close();
  });

  test('calls wait in line while half of the lane is called, and are not sent when their time is over', async () => {
    const { device, kernel } = await open({ hostLanes: 2, laneCapacity: 16 });
    const port = openLane(device);
    const control = new Int32Array((port as LanePort & { memory: SharedArrayBuffer }).memory);
    const lane = connectHostLane(port);
    const callAll = async (timeoutMs: number): Promise<readonly string[]> => {
      const calls = Array.from({ length: 8 }, () => lane.call(base, mute, {}, { timeoutMs }));
      const ends = await Promise.allSettled(calls);
      return ends.map((end) => ('reason' in end ? end.reason.code : end.status));
    };
    const [long, short] = [callAll(500), callAll(20)];
    expect(Atomics.load(control, 1)).toBe(8); // messages that were written
    expect(lane.send(base, item, { number: 0 })).toBe(false); // it would overtake them
    const late = Array.from({ length: 8 }, () => 'RK_TIMEOUT');
    expect(await short).toEqual(late);
    expect(Atomics.load(control, 1)).toBe(8);
    await lane.room();
    expect(lane.send(base, item, { number: 0 })).toBe(true);
    expect(await long).toEqual(late);
    await device.settled();
    expect(kernel.counters().handled).toBe(9);
    await device.close();
  });

  test('what is urgent overtakes, and what is late is a dead letter', async () => {
    const { device, kernel, letters } = await open({ hostLanes: 2 });
    const lane = connectHostLane(openLane(device));
    await kernel.deactivate();
    // In this order they are all in order; in the order of sending, none is.
    const sent = [
      [3, 'low'],
      [2, 'normal'],
      [1, 'high'],
      [0, 'critical'],
    ] as const;
    for (const [number, priority] of sent) lane.send(base, item, { number }, { priority });
    const asked = lane.call(base, twice, { x: 4 }, { priority: 'low' });
    lane.send(base + 1, item, { number: 0 }, { deadlineMs: 600_000 });
    lane.send(base + 1, item, { number: 1 }, { deadlineMs: 0 });
    const late = lane.call(base + 1, twice, { x: 4 }, { deadlineMs: 0 });
    const refused = expect(late).rejects.toMatchObject({ reason: 'expired' });
    await device.settled();
    for (const from = Date.now(); Date.now() < from + 2; ); // the millisecond of the deadline is still in time
    await kernel.activate();
    expect(await asked).toEqual({ twice: 8 });
    await refused;
    await device.settled();
    expect([await words(kernel, 0), await words(kernel, 1)]).toEqual([
      [4, 0, 1],
      [1, 0, 0],
    ]);
    expect(letters).toEqual(['expired', 'expired']);
    const wrong = { priority: 'urgent' } as unknown as { priority: 'low' };
    expect(() => lane.send(base, item, { number: 0 }, wrong)).toThrow(InvalidOptionError);
    expect(() => lane.send(base, item, { number: 0 }, { deadlineMs: -1 })).toThrow(
      InvalidOptionError,
    );
    const unknown = { timeoutMs: 5 } as object;
    expect(() => lane.send(base, item, { number: 0 }, unknown)).toThrow(InvalidOptionError);
    await device.close();
  });

  test('what was sent before goes to the one who ends, and not to the one who begins', async () => {
    const { device, kernel, letters } = await open({ hostLanes: 2, messageSlots: 64 });
    const lane = connectHostLane(openLane(device));
    for (let life = 0; life < 20; life++) {
      await sendItems(lane, base + 2, 100);
      await kernel.retire(2);
      await kernel.spawn(2, null);
      expect(await words(kernel, 2)).toEqual([0, 0, 0]);
    }
    await device.settled();
    const { sent, handled, deadLettered, pending } = kernel.counters();
    expect([sent, handled + deadLettered.terminated, pending]).toEqual([2_000, 2_000, 0]);
    expect(letters.length).toBe(deadLettered.terminated);
    // Also when the whole kernel ends.
    await sendItems(lane, base, 100);
    await kernel.terminate(0);
    const end = kernel.counters();
    // What found no slot any more is for nobody, which the device finds when it goes on.
    while (end.sent + lane.undelivered < 2_100) await new Promise((r) => setTimeout(r, 1));
    expect([end.sent + lane.undelivered, end.pending]).toEqual([2_100, 0]);
    await device.close();
  });

  test('what others send to a mailbox gives the opener no more room there', async () => {
    const { device, kernel } = await open({ hostLanes: 2 });
    const lane = connectHostLane(openLane(device));
    await sendItems(lane, base, 100);
    await device.settled();
    await kernel.deactivate();
    let accepted = 0;
    while (inject(kernel, 0, 1) === 'accepted' && accepted < 1_000) accepted++;
    expect(accepted).toBe(64);
    await device.close();
  });

  test('nothing is lost when the kernels leave and come back all the time', async () => {
    const { device, kernel, letters } = await open({ hostLanes: 2, sliceMs: 1, laneCapacity: 16 });
    expect(await sender(device, base, 1_000)).toEqual({ right: 250 });
    await device.settled();
    expect(await words(kernel, 0)).toEqual([1_000, 0, 250]);
    expect((device as unknown as { readonly launches: number }).launches).toBeGreaterThan(2);
    expect(letters).toEqual([]);
    await device.close();
  }, 120_000);

  test('a reply that finds no room in the ring is a dead letter and stops nobody', async () => {
    const { device, kernel, letters } = await open({ hostLanes: 2, laneCapacity: 16 });
    for (let round = 0; round < 5; round++) {
      const port = openLane(device);
      const control = new Int32Array((port as LanePort & { memory: SharedArrayBuffer }).memory);
      const lane = connectHostLane(port);
      const calls = Array.from({ length: 8 }, () => lane.call(base, twice, { x: 1 }));
      // Nobody reads the ring meanwhile: this thread does nothing but wait until the device has taken them.
      while (Atomics.load(control, 1) !== Atomics.load(control, 32))
        Atomics.wait(control, 63, 0, 1);
      lane.close();
      const ends = await Promise.allSettled(calls);
      expect(ends.every((end) => 'reason' in end && end.reason instanceof HostLaneError)).toBe(
        true,
      );
    }
    await device.settled();
    const { handled, replied, deadLettered } = kernel.counters();
    expect([handled, replied, deadLettered['output-full']]).toEqual([40, 16, 24]);
    expect(letters).toEqual(Array.from({ length: 24 }, () => 'output-full'));
    await device.close();
  });
});
