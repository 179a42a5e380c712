import type { Worker } from 'node:worker_threads';
import {
  ask,
  createRuntime,
  hostActor,
  type Runtime,
  u32,
  WorkerLostError,
} from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Counter, expectCounted, Probe } from './actors.ts';

/** A runtime, and its workers as they are started, to be killed from outside. */
async function killable(
  backendOptions: Readonly<Record<string, unknown>>,
): Promise<{ runtime: Runtime; workers: Worker[]; [Symbol.asyncDispose](): Promise<void> }> {
  const workers: Worker[] = [];
  const collect = (worker: Worker) => workers.push(worker);
  process.on('worker', collect);
  const runtime = await createRuntime({ backend: 'cpu', backendOptions });
  return {
    runtime,
    workers,
    async [Symbol.asyncDispose]() {
      process.off('worker', collect);
      await runtime.close();
    },
  };
}

/** Instances of a kernel of 2 on 2 workers live on one each. */
test('a killed worker loses its instances and nobody else', async () => {
  await using all = await killable({ workers: 2 });
  const { runtime, workers } = all;
  const counters = await runtime.launch(Counter, { instances: 2, onFailure: 'wait' });
  const stopped = await runtime.launch(Probe, { instances: 2, autoActivate: false });
  for (let i = 0; i < 2; i++) {
    for (let by = 1; by <= 10; by++) await counters.at(i).send('Add', { by });
    for (let value = 0; value < 5; value++) await stopped.at(i).send('Note', { value });
  }
  await runtime.settled();
  await workers[0]?.terminate();
  await expect.poll(() => counters.status().failedInstances).toBe(1);
  const lost = counters.faults()[0]?.instance as number;
  expect(counters.faults()[0]?.error).toBeInstanceOf(WorkerLostError);
  expect(counters.faults()[0]?.error).toMatchObject({
    code: 'RK_WORKER_LOST',
    kernelId: 'Counter',
  });
  expect(await counters.at(1 - lost).call('Get', {})).toEqual({ count: 10, total: 55n });
  // The state lay in shared memory; what waits for the lost one is handled after its restart.
  const state = await counters.at(lost).readState();
  expect(state).toEqual({ count: 10, total: 55n });
  const later = counters.at(lost).send('Add', { by: 100 });
  await counters.at(lost).restart({ state });
  await later;
  expect(await counters.at(lost).call('Get', {})).toEqual({ count: 11, total: 155n });
  // Of what waited in private memory, one half is gone, counted, and the other is there.
  await runtime.settled();
  expectCounted(runtime);
  expect(stopped.metrics()).toMatchObject({ sent: 10, pending: 5, handled: 0 });
  expect(stopped.metrics().deadLettered['device-lost']).toBe(5);
  await stopped.activate();
  await runtime.settled();
  expect(stopped.metrics()).toMatchObject({ pending: 0, handled: 5 });
  expectCounted(runtime);
});

test('a caller whose callee is lost is told; the others get their replies', async () => {
  await using all = await killable({ workers: 2 });
  const { runtime, workers } = all;
  const probes = await runtime.launch(Probe, { instances: 2, autoActivate: false });
  const calls = [0, 1].map((i) => probes.at(i).call('Echo', { value: i }));
  const outcomes = calls.map((call) =>
    call.then(
      (reply) => reply.value,
      (error) => error,
    ),
  );
  await runtime.settled();
  await workers[1]?.terminate();
  await expect.poll(() => probes.status().failedInstances).toBe(1);
  const lost = probes.faults()[0]?.instance as number;
  expect(await outcomes[lost]).toBeInstanceOf(WorkerLostError);
  await probes.activate();
  expect(await outcomes[1 - lost]).toBe(1 - lost);
});

test('who fetches a reply by its correlation is told that its worker is lost', async () => {
  await using all = await killable({ workers: 2 });
  const { runtime, workers } = all;
  const probes = await runtime.launch(Probe, { instances: 2, autoActivate: false });
  for (const i of [0, 1]) {
    await probes.at(i).send('Echo', { value: i }, { correlation: BigInt(10 + i) });
    await probes.at(i).send('Echo', { value: i }, { correlation: BigInt(20 + i) });
  }
  const waiting = [10n, 11n].map((correlation) =>
    probes.receiveCorrelated(correlation).then(
      (reply) => reply.value,
      (error) => error,
    ),
  );
  await runtime.settled();
  await workers[0]?.terminate();
  await expect.poll(() => probes.status().failedInstances).toBe(1);
  const lost = probes.faults()[0]?.instance as number;
  expect(await waiting[lost]).toBeInstanceOf(WorkerLostError);
  await expect(probes.receiveCorrelated(BigInt(20 + lost))).rejects.toThrow(WorkerLostError);
  await probes.activate();
  expect(await waiting[1 - lost]).toBe(1 - lost);
  const other = await probes.receiveCorrelated(BigInt(20 + 1 - lost));
  expect(other).toMatchObject({ value: 1 - lost });
});

test('traffic goes on while workers are killed, and every message is accounted for', async () => {
  await using all = await killable({ workers: 3, laneCapacity: 64 });
  const { runtime, workers } = all;
  const supervisor = runtime.supervise({ maxRestarts: 1_000 });
  const probes = await supervisor.launch(Probe, { instances: 12, queueCapacity: 16 });
  let sent = 0;
  let isOver = false;
  const flood = async (i: number) => {
    while (!isOver) {
      const to = probes.at((i + 5) % 12).address;
      await probes.at(i).send('Forward', { to, value: i }, { timeoutMs: 60_000 });
      sent++;
    }
  };
  const floods = Array.from({ length: 12 }, (_, i) => flood(i));
  for (let kill = 0; kill < 3; kill++) {
    const before = sent;
    await expect.poll(() => sent).toBeGreaterThan(before + 300);
    await workers[kill]?.terminate();
    await expect.poll(() => workers.length).toBe(4 + kill);
  }
  const before = sent;
  await expect.poll(() => sent).toBeGreaterThan(before + 300);
  isOver = true;
  await Promise.all(floods);
  await runtime.settled();
  expectCounted(runtime);
  const { deadLettered, pending, handled } = probes.metrics();
  expect(pending).toBe(0);
  expect(handled).toBeGreaterThan(sent);
  // What a killed worker held, and at most one message each that it was just handling.
  const { 'device-lost': held, 'instance-failed': begun, ...others } = deadLettered;
  expect(held).toBeGreaterThan(0);
  expect(begun).toBeLessThanOrEqual(3);
  expect(Object.values(others).every((count) => count === 0)).toBe(true);
  for (let i = 0; i < 12; i++)
    expect(await probes.at(i).call('Echo', { value: i })).toMatchObject({ value: i });
});

/** Takes all the memory of its worker, or never comes back. */
const Hog = hostActor('Hog', {
  messages: { Eat: ask({}, {}), Spin: ask({}, {}), Ping: ask({ value: u32 }, { value: u32 }) },
  async run(ctx) {
    const eaten: number[][] = [];
    for (;;) {
      const m = await ctx.receive();
      if (m === undefined) return;
      if (m.type === 'Eat') for (;;) eaten.push(new Array(10_000).fill(eaten.length));
      else if (m.type === 'Spin') for (;;);
      else ctx.reply(m, { value: m.value });
    }
  },
});

test.each(['Eat', 'Spin'] as const)(
  'a host-only actor that does not come back: %s',
  async (how) => {
    await using runtime = await createRuntime({
      backend: 'cpu',
      backendOptions: { workers: 1, workerMemoryMb: 40, handlerTimeoutMs: 300 },
    });
    const supervisor = runtime.supervise();
    const hog = await supervisor.launch(Hog);
    const counter = await supervisor.launch(Counter, { restartState: 'checkpoint' });
    await counter.send('Add', { by: 7 });
    await runtime.settled();
    await supervisor.checkpoint();
    const error = await hog.call(how, {}, { timeoutMs: 60_000 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({ kernelId: 'Hog', instance: 0 });
    expect(await hog.call('Ping', { value: 3 }, { timeoutMs: 60_000 })).toEqual({ value: 3 });
    await expect.poll(() => counter.status().failedInstances).toBe(0);
    expect(await counter.call('Get', {})).toEqual({ count: 1, total: 7n });
    await runtime.settled();
    expectCounted(runtime);
  },
);

test('kernels are launched, stopped and ended as ever after a worker was replaced', async () => {
  await using all = await killable({ workers: 2 });
  const { runtime, workers } = all;
  const first = await runtime.launch(Counter, { instances: 4 });
  await workers[0]?.terminate();
  await expect.poll(() => first.status().failedInstances).toBe(2);
  const second = await runtime.launch(Probe, { instances: 4 });
  for (let i = 0; i < 4; i++)
    expect(await second.at(i).call('Echo', { value: i })).toMatchObject({ value: i });
  await second.deactivate();
  await second.at(3).send('Note', { value: 1 });
  await second.reactivate();
  await runtime.settled();
  expect(second.metrics()).toMatchObject({ handled: 5, pending: 0 });
  expect(await first.terminate()).toEqual({ drained: true });
  expect(await second.terminate()).toEqual({ drained: true });
  expectCounted(runtime);
});

test('nobody is lost where nobody lived, and who comes later lives there', async () => {
  await using all = await killable({ workers: 1 });
  const { runtime, workers } = all;
  const counters = await runtime.launch(Counter, { instances: 2, maxInstances: 4 });
  expect(await counters.spawn()).toBe(2);
  await counters.retire(0);
  await workers[0]?.terminate();
  await expect.poll(() => counters.status().failedInstances).toBe(2);
  expect(counters.faults().map(({ instance }) => instance)).toEqual([1, 2]);
  const later = [await counters.spawn(), await counters.spawn()];
  expect(later).toEqual([3, 0]);
  for (const index of later) {
    await counters.at(index).send('Add', { by: 5 });
    expect(await counters.at(index).call('Get', {})).toEqual({ count: 1, total: 5n });
  }
  await counters.retire(1);
  expect(await counters.spawn({ state: { count: 3, total: 9n } })).toBe(1);
  expect(await counters.at(1).call('Get', {})).toEqual({ count: 3, total: 9n });
  await runtime.settled();
  expectCounted(runtime);
});
