import {
  createRuntime,
  type DeadLetter,
  InvalidOptionError,
  KernelNotFoundError,
  type Runtime,
  type RuntimeOptions,
  TimeoutError,
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
