import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { connectHostLane, simulatedBackend } from '@ringkernel/backend-cuda';
import {
  createRuntime,
  DeviceLimitError,
  NotSupportedError,
  QuotaExceededError,
  RateLimitedError,
  type Runtime,
  RuntimeClosedError,
  type RuntimeOptions,
  SchemaError,
  UnknownMessageError,
} from '@ringkernel/runtime';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Counter, expectCounted } from './actors.ts';

const missing =
  process.platform === 'linux' && spawnSync('g++', ['--version']).status === 0
    ? null
    : 'the simulated driver needs Linux and g++';
if (missing !== null) console.log(`lanes are not tested: ${missing}`);

function open(hostLanes: number, options: RuntimeOptions = {}): Promise<Runtime> {
  return createRuntime({
    backend: simulatedBackend,
    device: 'cuda:simulated',
    backendOptions: { workers: 2, hostLanes },
    ...options,
  });
}

/** What a thread with a lane was replied by each of these. */
async function thread(runtime: Runtime, addresses: readonly number[]): Promise<unknown> {
  const workerData = { port: runtime.openHostLane(), addresses, times: 500 };
  const worker = new Worker(new URL('lane-thread.mjs', import.meta.url), { workerData });
  const [replies] = await once(worker, 'message');
  return replies;
}

describe.skipIf(missing !== null)('lanes of other threads', () => {
  test('threads send and call by themselves, through what the runtime gave out', async () => {
    const runtime = await open(3);
    const counters = await runtime.launch(Counter, { instances: 4 });
    const own = [0, 1].map((i) =>
      thread(
        runtime,
        [2 * i, 2 * i + 1].map((k) => counters.at(k).address),
      ),
    );
    for (let i = 0; i < 100; i++) await counters.at(3).send('Add', { by: 2 });
    const [first, second] = (await Promise.all(own)) as [unknown[], { count: number }[]];
    const all = { count: 500, total: 1000n };
    expect([...first, second[0]]).toEqual([all, all, all]);
    expect(second[1]?.count).toBeGreaterThanOrEqual(500);
    await runtime.settled();
    expect(await counters.at(3).readState()).toEqual({ count: 600, total: 1200n });
    expect(counters.metrics()).toMatchObject({ sent: 2104, handled: 2104, replied: 4 });
    expectCounted(runtime);
    await runtime.close();
  }, 12_000);

  test('the messages have the types of the definition', async () => {
    const runtime = await open(2);
    const { address } = await runtime.launch(Counter);
    const lane = connectHostLane(structuredClone(runtime.openHostLane()));
    const counter = lane.at(Counter, address);
    expect(counter.trySend('Add', { by: 7 })).toBe(true);
    const reply = await counter.call('Get', {});
    expectTypeOf(reply).toEqualTypeOf<{ readonly count: number; readonly total: bigint }>();
    expect(reply).toEqual({ count: 1, total: 7n });
    // @ts-expect-error a field has the type that its schema says
    expect(() => counter.trySend('Add', { by: 'x' })).toThrow(SchemaError);
    // @ts-expect-error no such field
    expect(() => counter.trySend('Add', { by: 1, to: 2 })).toThrow(SchemaError);
    // @ts-expect-error no such message
    expect(() => counter.trySend('Ad', { by: 1 })).toThrow(UnknownMessageError);
    // @ts-expect-error Add is not replied to
    await expect(counter.call('Add', { by: 1 })).rejects.toMatchObject({ option: 'message' });
    // @ts-expect-error no such priority
    expect(() => counter.trySend('Add', { by: 1 }, { priority: 'urgent' })).toThrow('priority');
    expect(await counter.call('Get', {})).toEqual(reply);
    await runtime.close();
  });

  test('tenants and engagements count what comes by a lane; it uses up what the host may send', async () => {
    const runtime = await open(2);
    const { tenants } = runtime;
    tenants.add('acme', { messagesPerSecond: 1_000 });
    tenants.add('globex');
    tenants.engage('globex', 'audit', { maxMessages: 20 });
    const entrance = { rateLimit: { kind: 'sliding-window', max: 1, windowMs: 60_000 } } as const;
    const ours = await runtime.launch(Counter, { id: 'ours', tenant: 'acme' });
    const theirs = { id: 'theirs', tenant: 'globex', engagement: 'audit', entrance };
    const other = await runtime.launch(Counter, theirs);
    const lane = connectHostLane(runtime.openHostLane());
    const send = async (address: number, times: number): Promise<void> => {
      const counter = lane.at(Counter, address);
      for (let i = 0; i < times; i++) {
        while (!counter.trySend('Add', { by: 1 })) await lane.room();
      }
      await runtime.settled();
    };
    await send(ours.address, 2_000);
    await expect(ours.send('Add', { by: 1 })).rejects.toThrow(RateLimitedError);
    expect(await ours.readState()).toMatchObject({ count: 2_000 });
    // Neither the budget nor the entrance's limit holds the lane up, and the budget has it.
    await send(other.address, 50);
    expect(await other.readState()).toMatchObject({ count: 50 });
    expect(other.metrics().flow.rateLimited).toBe(0);
    expect(tenants.usage('globex').engagements.audit).toMatchObject({ messages: 50 });
    await expect(other.send('Add', { by: 1 })).rejects.toThrow(QuotaExceededError);
    await runtime.close();
  }, 12_000);

  test('the bound of a mailbox holds for lanes, too', async () => {
    const runtime = await open(2);
    for (const onFull of ['reject', 'drop-oldest'] as const) {
      const kernel = await runtime.launch(Counter, { id: onFull, queueCapacity: 4, onFull });
      await kernel.deactivate();
      const lane = connectHostLane(runtime.openHostLane());
      for (let i = 0; i < 10; i++) lane.at(Counter, kernel.address).trySend('Add', { by: 1 });
      lane.close();
      await runtime.settled();
      await kernel.reactivate();
      await runtime.settled();
      const { handled, deadLettered } = kernel.metrics();
      expect([onFull, handled, deadLettered['queue-full']]).toEqual([onFull, 4, 6]);
    }
    await runtime.close();
  });

  test('where there is none, it is told what is missing', async () => {
    const one = await open(1);
    expect(() => one.openHostLane()).toThrow(DeviceLimitError);
    expect(() => one.openHostLane()).toThrow('hostLanes');
    await one.close();
    expect(() => one.openHostLane()).toThrow(RuntimeClosedError);
    const rounds = await open(2, { schedule: 'lockstep' });
    expect(() => rounds.openHostLane()).toThrow(NotSupportedError);
    await rounds.close();
  });
});

test('a backend without lanes is named, and so is the option', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  expect(() => runtime.openHostLane()).toThrow(NotSupportedError);
  expect(() => runtime.openHostLane()).toThrow(/backend 'cpu' has no lanes.*hostLanes/s);
});
