import {
  createRuntime,
  type DeadLetter,
  InvalidOptionError,
  KernelNotFoundError,
  type Runtime,
  type RuntimeOptions,
  TimeoutError,
  UndeliveredError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

/** Makes a dead letter of each value: they wait in a kernel that ends. */
async function bury(runtime: Runtime, ...values: number[]): Promise<void> {
  const probe = await runtime.launch(Probe, { instances: 2, autoActivate: false });
  for (const value of values) await probe.at(1).send('Note', { value });
  await probe.terminate({ timeoutMs: 0 });
}

const valuesOf = (letters: Iterable<DeadLetter>) =>
  [...letters].map(({ payload }) => (payload as { value: number }).value);

function create(options: RuntimeOptions = {}): Promise<Runtime> {
  return createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, ...options });
}

describe('dead letters', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await create();
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('say when, what and for whom', async () => {
    const beforeMs = Date.now();
    await bury(runtime, 7);
    const [letter] = runtime.deadLetters;
    expect(letter).toMatchObject({
      sequence: 1,
      reason: 'terminated',
      kernelId: 'Probe',
      instance: 1,
      type: 'Note',
      payload: { value: 7 },
      bytes: 4,
    });
    expect(letter?.atMs).toBeGreaterThan(beforeMs - 1_000);
    expect(letter?.atMs).toBeLessThan(Date.now() + 1_000);
  });

  test('are found and discarded by reason, kernel, type and number', async () => {
    await bury(runtime, 1, 2, 3);
    const counter = await runtime.launch(Counter, { autoActivate: false });
    const sentMs = Date.now();
    await counter.send('Add', { by: 4 }, { deadlineMs: 0 });
    // A deadline is met within its own millisecond.
    await expect.poll(() => Date.now()).toBeGreaterThan(sentMs + 1);
    await counter.activate();
    await runtime.settled();
    const { deadLetters } = runtime;
    expect(deadLetters.find({ reason: 'expired' })).toMatchObject([{ type: 'Add' }]);
    expect(deadLetters.find({ kernelId: 'Probe' })).toHaveLength(3);
    expect(deadLetters.find({ kernelId: 'Probe', type: 'Add' })).toEqual([]);
    expect(valuesOf(deadLetters.find({ sequence: 2 }))).toEqual([2]);
    expect(deadLetters.find()).toHaveLength(4);
    expect(() => deadLetters.find({ kernel: 'Probe' } as object)).toThrow(InvalidOptionError);
    expect(deadLetters.discard({ type: 'Note', sequence: 2 })).toBe(1);
    expect(deadLetters).toMatchObject({ size: 3, discarded: 1, total: 4, evicted: 0 });
  });

  test('are sent again to the kernel that has their id now', async () => {
    await bury(runtime, 1, 2, 3);
    const probe = await runtime.launch(Probe, { instances: 2 });
    expect(await runtime.deadLetters.replay({ sequence: 3 })).toEqual({ replayed: 1, failed: [] });
    expect(await runtime.deadLetters.replay()).toEqual({ replayed: 2, failed: [] });
    expect(runtime.deadLetters).toMatchObject({ size: 0, bytes: 0, replayed: 3, total: 3 });
    expect(await probe.at(1).call('Echo', { value: 0 })).toMatchObject({ seen: 4 });
    expect(await probe.at(0).call('Echo', { value: 0 })).toMatchObject({ seen: 1 });
  });

  test('are sent again with their priority, and without their deadline', async () => {
    const first = await runtime.launch(Probe, { autoActivate: false });
    await first.send('Other', { value: 1 }, { priority: 'low' });
    await first.send('Other', { value: 2 }, { deadlineMs: 60_000 });
    await first.send('Other', { value: 3 }, { priority: 'critical' });
    await first.terminate({ timeoutMs: 0 });
    const priorities = ['critical', 'normal', 'low'];
    expect(runtime.deadLetters.toArray().map((l) => l.priority)).toEqual(priorities);
    const second = await runtime.launch(Probe, { autoActivate: false });
    expect(await runtime.deadLetters.replay()).toEqual({ replayed: 3, failed: [] });
    await runtime.settled();
    await second.activate();
    const values: unknown[] = [];
    for (let i = 0; i < 3; i++) values.push((await second.receive('Aside')).value);
    expect(values).toEqual([3, 2, 1]);
  });

  test('that have expired do not expire again', async () => {
    const probe = await runtime.launch(Probe, { autoActivate: false });
    const sentMs = Date.now();
    await probe.send('Note', { value: 1 }, { deadlineMs: 0 });
    await expect.poll(() => Date.now()).toBeGreaterThan(sentMs + 1);
    await probe.activate();
    await runtime.settled();
    expect(runtime.deadLetters.toArray()).toMatchObject([{ reason: 'expired' }]);
    expect(await runtime.deadLetters.replay()).toMatchObject({ replayed: 1 });
    await runtime.settled();
    expect(probe.metrics()).toMatchObject({ handled: 1, deadLettered: { expired: 1 } });
  });

  test('keep their correlation: who has not fetched the failure gets the reply', async () => {
    const probe = await runtime.launch(Probe, {
      queueCapacity: 1,
      onFull: 'drop-oldest',
      autoActivate: false,
    });
    for (const value of [5, 6, 7])
      await probe.send('Echo', { value }, { correlation: BigInt(value) });
    await runtime.settled();
    await expect(probe.receiveCorrelated(5n)).rejects.toThrow(UndeliveredError);
    await probe.activate();
    expect(await runtime.deadLetters.replay()).toEqual({ replayed: 2, failed: [] });
    for (const value of [7, 6, 5]) {
      expect(await probe.receiveCorrelated(BigInt(value))).toMatchObject({ type: 'Echo', value });
    }
  });

  test('keep the failure of a correlation when nobody takes them', async () => {
    const probe = await runtime.launch(Probe, { onFull: 'drop-oldest', queueCapacity: 1 });
    await probe.deactivate();
    for (const value of [1, 2]) await probe.send('Echo', { value }, { correlation: BigInt(value) });
    await runtime.settled();
    const abort = AbortSignal.abort();
    const { failed } = await runtime.deadLetters.replay({}, { signal: abort });
    expect(failed).toHaveLength(1);
    await expect(probe.receiveCorrelated(1n)).rejects.toThrow(UndeliveredError);
    await probe.send('Echo', { value: 3 }, { correlation: 1n });
    await runtime.settled();
    const again = await runtime.deadLetters.replay({ sequence: 1 });
    expect(again.failed[0]?.error).toMatchObject({ code: 'RK_INVALID_OPTION' });
    await probe.activate();
  });

  test('of a call have nobody to answer', async () => {
    const probe = await runtime.launch(Probe, { autoActivate: false });
    const call = probe.call('Echo', { value: 1 });
    await Promise.all([
      expect(call).rejects.toThrow(UndeliveredError),
      probe.terminate({ timeoutMs: 0 }),
    ]);
    await runtime.launch(Probe);
    expect(await runtime.deadLetters.replay()).toEqual({ replayed: 1, failed: [] });
    await runtime.settled();
    const letters = runtime.deadLetters.toArray();
    expect(letters).toMatchObject([{ reason: 'no-reply-expected', type: 'Echo' }]);
  });

  test('keep their sender, but do not reach another tenant', async () => {
    for (const name of ['a', 'b']) runtime.tenants.add(name);
    const source = await runtime.launch(Probe, { id: 'source', tenant: 'a' });
    const launch = (tenant: string) => runtime.launch(Probe, { tenant, autoActivate: false });
    const first = await launch('a');
    await source.send('Forward', { to: first.address, value: 1 });
    await runtime.settled();
    await first.terminate({ timeoutMs: 0 });
    expect(runtime.deadLetters.toArray()).toMatchObject([{ source: source.address }]);
    const other = await launch('b');
    const { failed } = await runtime.deadLetters.replay();
    expect(failed).toMatchObject([{ error: { code: 'RK_TENANT_MISMATCH' } }]);
    await other.terminate();
    const again = await launch('a');
    expect(await runtime.deadLetters.replay()).toMatchObject({ replayed: 1 });
    await again.terminate({ timeoutMs: 0 });
    expect(runtime.deadLetters.toArray()).toMatchObject([{ source: source.address }]);
  });

  test('stay when nobody takes them', async () => {
    await bury(runtime, 1, 2);
    const { deadLetters } = runtime;
    const nobody = await deadLetters.replay();
    expect(nobody.failed.map(({ error }) => error)).toEqual([
      expect.any(KernelNotFoundError),
      expect.any(KernelNotFoundError),
    ]);
    const stopped = await runtime.launch(Probe, {
      instances: 2,
      queueCapacity: 1,
      autoActivate: false,
    });
    const full = await deadLetters.replay({}, { timeoutMs: 1 });
    expect(full).toMatchObject({ replayed: 1, failed: [{ letter: { sequence: 2 } }] });
    expect(full.failed[0]?.error).toBeInstanceOf(TimeoutError);
    await stopped.terminate({ timeoutMs: 0 });
    await runtime.launch(Probe);
    const smaller = await deadLetters.replay({ sequence: 2 });
    expect(smaller.failed[0]?.error).toBeInstanceOf(InvalidOptionError);
    expect(valuesOf(deadLetters)).toEqual([2, 1]);
  });

  test('two replays at once send each letter once', async () => {
    await bury(runtime, 1, 2, 3, 4);
    const probe = await runtime.launch(Probe, { instances: 2 });
    const results = await Promise.all([runtime.deadLetters.replay(), runtime.deadLetters.replay()]);
    expect(results.map(({ replayed }) => replayed).reduce((a, b) => a + b)).toBe(4);
    await runtime.settled();
    expect(probe.metrics().handled).toBe(4);
  });

  test('replies and events are not sent again', async () => {
    const probe = await runtime.launch(Probe, { outputQueueCapacity: 1 });
    await probe.send('Tell', { count: 3, base: 10 });
    await runtime.settled();
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'output-full', instance: undefined, bytes: 8 },
      { reason: 'output-full', instance: undefined, bytes: 8 },
    ]);
    expect(await runtime.deadLetters.replay()).toEqual({ replayed: 0, failed: [] });
    expect(runtime.deadLetters.size).toBe(2);
  });

  test('come as a stream', async () => {
    await bury(runtime, 1);
    const stream = runtime.deadLetters.watch();
    await bury(runtime, 2, 3);
    expect(stream.size).toBe(2);
    const seen: DeadLetter[] = [];
    for await (const letter of stream) {
      seen.push(letter);
      if (seen.length === 2) break;
    }
    expect(valuesOf(seen)).toEqual([2, 3]);
    const slow = runtime.deadLetters.watch();
    await bury(runtime, ...Array.from({ length: 1_003 }, (_, i) => i));
    expect(slow).toMatchObject({ size: 1_000, dropped: 3 });
    expect(valuesOf([(await slow.next()).value as DeadLetter])).toEqual([3]);
    slow.return?.();
    await bury(runtime, 1);
    expect(slow).toMatchObject({ size: 0, dropped: 3 });
  });
});

describe('the bounds of dead letters', () => {
  test('bytes', async () => {
    await using runtime = await create({ deadLetterBytes: 12 });
    await bury(runtime, 1, 2, 3, 4, 5);
    expect(valuesOf(runtime.deadLetters)).toEqual([3, 4, 5]);
    const { deadLetters } = runtime;
    expect(deadLetters).toMatchObject({ bytes: 12, total: 5, evicted: 2 });
    expect(deadLetters.evictedBy).toEqual({ capacity: 0, bytes: 2, age: 0 });
  });

  test('age', async () => {
    await using runtime = await create({ deadLetterAgeMs: 30 });
    await bury(runtime, 1, 2);
    await expect.poll(() => runtime.deadLetters.size).toBe(0);
    expect(runtime.deadLetters).toMatchObject({ bytes: 0, total: 2 });
    expect(runtime.deadLetters.evictedBy).toEqual({ capacity: 0, bytes: 0, age: 2 });
    expect(runtime.deadLetters.toArray()).toEqual([]);
  });

  test('the stream ends with the runtime, after what waits', async () => {
    const runtime = await create();
    const stream = runtime.deadLetters.watch();
    await bury(runtime, 1, 2);
    await runtime.close();
    const seen: DeadLetter[] = [];
    for await (const letter of stream) seen.push(letter);
    expect(valuesOf(seen)).toEqual([1, 2]);
  });

  test('without a limit on their age they stay', async () => {
    await using runtime = await create({ deadLetterAgeMs: Number.POSITIVE_INFINITY });
    await bury(runtime, 1);
    expect(runtime.deadLetters.size).toBe(1);
  });
});
