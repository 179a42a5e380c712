import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { adder, Collected, messages, plain, writeOne } from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

test('a fault is reported, and later messages become dead letters', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 2 }, seen);
  const asked = { ...plain, wantsReply: true, correlationLow: 5 };
  kernel.inject(1, messages.fail, writeOne, 77, asked);
  kernel.inject(1, messages.add, writeOne, 1, plain);
  kernel.inject(0, messages.add, writeOne, 2, plain);
  await device.settled();
  expect(seen.faults).toEqual([
    { instance: 1, site: 7, value: 77, type: 4, correlationLow: 5, correlationHigh: 0 },
  ]);
  expect(seen.letters.map((l) => l.reason)).toEqual(['instance-failed']);
  expect(seen.emitted).toEqual([2]);
  expect([kernel.state, kernel.counters().errors]).toEqual(['active', 1]);
});

test('a kernel fails with its last instance and takes nothing more', async () => {
  const device = await open({ workers: 1 });
  const kernel = await launch(device, adder, {}, new Collected());
  kernel.inject(0, messages.fail, writeOne, 1, plain);
  await device.settled();
  expect(kernel.state).toBe('failed');
  expect(kernel.inject(0, messages.add, writeOne, 1, plain)).toBe('closed');
  expect(await kernel.terminate(1_000)).toEqual({ drained: true });
});

test('what waits in the mailbox of an instance that fails becomes dead letters', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { activate: false }, seen);
  kernel.inject(0, messages.add, writeOne, 1, plain);
  kernel.inject(0, messages.fail, writeOne, 1, plain);
  for (let i = 0; i < 3; i++) kernel.inject(0, messages.add, writeOne, 2, plain);
  await kernel.activate();
  await device.settled();
  expect(seen.emitted).toEqual([1]);
  expect(seen.letters.map((l) => l.reason)).toEqual(Array(3).fill('instance-failed'));
  const c = kernel.counters();
  expect([c.sent, c.handled, c.pending]).toEqual([5, 2, 0]);
});

test('a handler that throws fails its instance with what was thrown', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, adder, { instances: 2 }, seen);
  kernel.inject(1, messages.boom, writeOne, 0, plain);
  await device.settled();
  expect(seen.faults[0]?.error).toMatchObject({ code: 'RK_HANDLER_ERROR', instance: 1 });
  expect(seen.faults[0]?.error?.cause).toMatchObject({ message: 'boom' });
});

test('a program that does not compile is refused', async () => {
  const device = await open({ workers: 2 });
  const bad = { ...adder, text: 'return {' };
  await expect(launch(device, bad, {}, new Collected())).rejects.toMatchObject({
    code: 'RK_PROGRAM_REJECTED',
  });
  await launch(device, adder, { baseAddress: 128 }, new Collected());
});

test('a handler that does not return: terminate ends in time and says so', async () => {
  const device = await open({ workers: 1 });
  const kernel = await launch(device, adder, {}, new Collected());
  kernel.inject(0, messages.spin, writeOne, 8_000, plain);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await kernel.terminate(50)).toEqual({ drained: false });
  expect(kernel.state).toBe('terminated');
});

const deadly = {
  ...adder,
  text: adder.text.replace('throw new RangeError', 'process.exit(3); throw new RangeError'),
};

test('a handler that takes its worker down fails its instance, and is not handled again', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const kernel = await launch(device, deadly, { instances: 2, onFailure: 'wait' }, seen);
  kernel.inject(0, messages.boom, writeOne, 0, plain);
  for (let i = 0; i < 4; i++) kernel.inject(i % 2, messages.add, writeOne, 1, plain);
  await expect.poll(() => seen.faults.length).toBe(2);
  expect(seen.faults.map(({ instance, error }) => [instance, error?.code])).toEqual([
    [0, 'RK_WORKER_LOST'],
    [1, 'RK_WORKER_LOST'],
  ]);
  await device.settled();
  // What was behind it in the lane is there; it is not.
  expect(kernel.counters()).toMatchObject({ sent: 5, handled: 0, pending: 4 });
  expect(kernel.counters().deadLettered).toMatchObject({ 'instance-failed': 1, 'device-lost': 0 });
  for (let i = 0; i < 2; i++) await kernel.restart(i, null);
  await device.settled();
  expect(kernel.counters()).toMatchObject({ sent: 5, handled: 4, pending: 0 });
});

test('with rollback the state of a handler that took its worker down is what it was', async () => {
  const device = await open({ workers: 1 });
  const seen = new Collected();
  const text = deadly.text.replace('process.exit', 'm[s] = 77; m[s + 1] = 77; process.exit');
  for (const [i, rollback] of [true, false].entries()) {
    const options = { id: `k${i}`, baseAddress: 64 + 64 * i, instances: 3, rollback } as const;
    const kernel = await launch(device, { ...deadly, text }, options, seen);
    kernel.inject(1, messages.add, writeOne, 5, plain);
    kernel.inject(2, messages.add, writeOne, 6, plain);
    await device.settled();
    kernel.inject(1, messages.boom, writeOne, 0, plain);
    await expect.poll(() => seen.faults.length).toBe(i === 0 ? 3 : 9);
    const words = async (instance: number) => [
      ...new Uint32Array((await kernel.readState(instance)).buffer),
    ];
    expect(await words(1)).toEqual(rollback ? [5, 1] : [77, 77]);
    expect(await words(2)).toEqual([6, 1]);
  }
});

test('workers that die again and again: the device is lost, everything is accounted for', async () => {
  const device = await open({ workers: 2 });
  const seen = new Collected();
  const kernel = await launch(device, deadly, { instances: 2, queueCapacity: 2 }, seen);
  const stopped = await launch(
    device,
    adder,
    { id: 'stopped', baseAddress: 128, queueCapacity: 2, activate: false, onFailure: 'wait' },
    new Collected(),
  );
  for (let i = 0; i < 2; i++) stopped.inject(0, messages.add, writeOne, i, plain);
  const room = stopped.room(0);
  let isLost = false;
  void device.lost.then(() => {
    isLost = true;
  });
  for (let deaths = 1; deaths < 5; deaths++) {
    kernel.inject(0, messages.boom, writeOne, 0, plain);
    await expect.poll(() => seen.faults.length).toBe(deaths);
    await kernel.restart(0, null);
  }
  expect(isLost).toBe(false);
  kernel.inject(0, messages.boom, writeOne, 0, plain);
  const error = await device.lost;
  expect(error).toMatchObject({ code: 'RK_DEVICE_LOST' });
  await room;
  await device.settled();
  expect([kernel.state, stopped.state]).toEqual(['failed', 'failed']);
  expect(kernel.inject(0, messages.add, writeOne, 1, plain)).toBe('closed');
  for (const k of [kernel, stopped]) {
    const { sent, handled, deadLettered, pending } = k.counters();
    const dead = deadLettered['device-lost'] + deadLettered['instance-failed'];
    expect([sent, pending]).toEqual([handled + dead, 0]);
  }
  expect((await stopped.readState(0)).length).toBe(8);
  expect(await stopped.terminate(100)).toEqual({ drained: false });
});

test('in lockstep a worker that dies takes the device with it', async () => {
  const device = await open({ workers: 2 }, { schedule: 'lockstep' });
  const kernel = await launch(device, deadly, { instances: 2 }, new Collected());
  kernel.inject(0, messages.boom, writeOne, 0, plain);
  await expect(device.step(1)).rejects.toMatchObject({ code: 'RK_DEVICE_LOST' });
  expect(await device.lost).toMatchObject({ code: 'RK_DEVICE_LOST' });
});

test('what is asked of a lost device is answered with its loss', async () => {
  const begun: Worker[] = [];
  const watch = (worker: Worker): void => void begun.push(worker);
  process.on('worker', watch);
  const device = await open({ workers: 2 }, { schedule: 'lockstep' });
  process.off('worker', watch);
  const kernel = await launch(device, adder, { instances: 2, living: 1 }, new Collected());
  void begun[0]?.terminate();
  const error = await device.lost;
  expect(error.code).toBe('RK_DEVICE_LOST');
  const asked = {
    launch: launch(device, adder, { id: 'b', baseAddress: 128 }, new Collected()),
    step: device.step(1),
    restart: kernel.restart(0, null),
    spawn: kernel.spawn(1, null),
    retire: kernel.retire(0),
  };
  for (const [name, answer] of Object.entries(asked)) {
    await expect(answer, name).rejects.toBe(error);
  }
  expect(kernel.state).toBe('failed');
});
