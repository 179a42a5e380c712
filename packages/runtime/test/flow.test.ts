import {
  BackpressureError,
  createRuntime,
  InvalidOptionError,
  QueueFullError,
  RateLimitedError,
  type Runtime,
  SchemaError,
  TimeoutError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, value) => ({ value }));

describe('flow', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('water marks: senders stop at the high one and go on at the low one', async () => {
    const counters = await runtime.launch(Counter, {
      instances: 4,
      autoActivate: false,
      entrance: { waterMarks: { highWater: 8, lowWater: 2 } },
    });
    const sends = numbers(50).map(({ value }) => counters.at(value % 4).send('Add', { by: value }));
    expect(counters.metrics()).toMatchObject({
      sent: 8,
      waitingSenders: 42,
      flow: { credits: 0, held: true, holds: 1 },
    });
    expect(counters.trySend('Add', { by: 0 })).toBe(false);
    await counters.activate();
    await Promise.all(sends);
    await runtime.settled();
    const { handled, rejected, maxDepth, flow } = counters.metrics();
    expect({ handled, rejected }).toEqual({ handled: 50, rejected: 1 });
    expect(maxDepth).toBeLessThanOrEqual(8);
    expect(flow.held).toBe(false);
  });

  test('water marks: they stay held until the low one is reached', async () => {
    const runtime = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    const source = await runtime.launch(Probe, { id: 'source' });
    const probe = await runtime.launch(Probe, {
      autoActivate: false,
      onFull: 'reject',
      entrance: { waterMarks: { highWater: 6, lowWater: 1 } },
    });
    for (let i = 0; i < 3; i++) await source.send('Forward', { to: probe.address, value: i });
    await runtime.step();
    expect(await probe.sendBatch('Note', numbers(9))).toBe(3);
    expect(probe.metrics()).toMatchObject({ pending: 6, flow: { held: true, holds: 1 } });
    const refused = probe.send('Note', { value: 1 });
    await expect(refused).rejects.toThrow(BackpressureError);
    await expect(refused).rejects.toMatchObject({ kernelId: 'Probe', highWater: 6 });
    await probe.activate();
    await runtime.step(2);
    expect(probe.metrics().pending).toBe(0);
    expect(await probe.sendBatch('Note', numbers(9))).toBe(6);
    expect(probe.metrics().flow).toMatchObject({ held: true, holds: 2 });
    await runtime.close();
  });

  test('water marks: who waits too long is told why', async () => {
    const probe = await runtime.launch(Probe, {
      autoActivate: false,
      entrance: { waterMarks: { highWater: 2 } },
    });
    for (const m of numbers(2)) await probe.send('Note', m);
    const late = probe.send('Note', { value: 2 }, { timeoutMs: 5 });
    await expect(late).rejects.toThrow(TimeoutError);
    await expect(late).rejects.toMatchObject({ cause: { code: 'RK_BACKPRESSURE' } });
    const ended = probe.send('Note', { value: 3 });
    await Promise.all([
      expect(ended).rejects.toMatchObject({ code: 'RK_KERNEL_TERMINATED' }),
      probe.terminate({ timeoutMs: 0 }),
    ]);
  });

  test('rate limit: a burst, then an error that says when to come again', async () => {
    const rateLimit = { kind: 'sliding-window', max: 3, windowMs: 60_000 } as const;
    const probe = await runtime.launch(Probe, { entrance: { rateLimit } });
    expect(await probe.sendBatch('Note', numbers(2))).toBe(2);
    await probe.call('Echo', { value: 0 });
    const over = probe.send('Note', { value: 3 });
    await expect(over).rejects.toThrow(RateLimitedError);
    await expect(over).rejects.toMatchObject({ kernelId: 'Probe', subject: "kernel 'Probe'" });
    const { retryAfterMs } = (await over.catch((error) => error)) as RateLimitedError;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    await expect(probe.call('Echo', { value: 0 })).rejects.toThrow(RateLimitedError);
    expect(probe.trySend('Note', { value: 0 })).toBe(false);
    expect(await probe.sendBatch('Note', numbers(5))).toBe(0);
    await runtime.settled();
    const { sent, handled, rejected, flow } = probe.metrics();
    expect({ sent, handled, rejected }).toEqual({ sent: 7, handled: 3, rejected: 4 });
    expect(flow.rateLimited).toBe(4);
  });

  test('rate limit: actors on the device are not limited', async () => {
    const source = await runtime.launch(Probe, { id: 'source' });
    const rateLimit = { kind: 'sliding-window', max: 1, windowMs: 60_000 } as const;
    const probe = await runtime.launch(Probe, { entrance: { rateLimit } });
    for (let i = 0; i < 5; i++) await source.send('Forward', { to: probe.address, value: i });
    await runtime.settled();
    expect(probe.metrics().handled).toBe(5);
  });

  test('rate limit: in lockstep a round counts as a millisecond', async () => {
    const runtime = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    const rateLimit = { kind: 'token-bucket', perSecond: 100, burst: 2 } as const;
    const probe = await runtime.launch(Probe, { entrance: { rateLimit } });
    const taken: number[] = [];
    for (let round = 0; round < 40; round++) {
      if (probe.trySend('Note', { value: round })) taken.push(round);
      await runtime.step();
    }
    expect(taken).toEqual([0, 1, 10, 20, 30]);
    await runtime.close();
  });

  test('duplicates: a message with a known id is not sent again', async () => {
    const counter = await runtime.launch(Counter);
    const first = await counter.send('Add', { by: 5 }, { dedupeId: 'order-7' });
    expect(await counter.send('Add', { by: 5 }, { dedupeId: 'order-7' })).toBe(first);
    expect(await counter.send('Add', { by: 5 }, { dedupeId: 7n })).not.toBe(first);
    const both = [1, 2].map(() => counter.send('Add', { by: 1 }, { dedupeId: 'at once' }));
    expect(new Set(await Promise.all(both)).size).toBe(1);
    expect(await counter.call('Get', {})).toEqual({ count: 3, total: 11n });
    expect(counter.metrics()).toMatchObject({ sent: 4, flow: { duplicates: 2 } });
    const empty = counter.send('Add', { by: 1 }, { dedupeId: '' });
    await expect(empty).rejects.toThrow(InvalidOptionError);
  });

  test('duplicates: what failed can be tried again', async () => {
    const probe = await runtime.launch(Probe, {
      queueCapacity: 1,
      onFull: 'reject',
      autoActivate: false,
    });
    const bad = { value: 'x' } as unknown as { value: number };
    await expect(probe.send('Note', bad, { dedupeId: 'a' })).rejects.toThrow(SchemaError);
    await probe.send('Note', { value: 1 }, { dedupeId: 'a' });
    const full = probe.send('Note', { value: 2 }, { dedupeId: 'b' });
    await expect(full).rejects.toThrow(QueueFullError);
    await probe.activate();
    await runtime.settled();
    await probe.send('Note', { value: 2 }, { dedupeId: 'b' });
    await runtime.settled();
    expect(probe.metrics()).toMatchObject({ handled: 2, flow: { duplicates: 0 } });
  });

  test('duplicates: the window and how many ids it holds', async () => {
    const few = await runtime.launch(Probe, { id: 'few', dedupe: { capacity: 2 } });
    for (const dedupeId of ['a', 'b', 'c', 'c', 'b', 'a']) {
      await few.send('Note', { value: 1 }, { dedupeId });
    }
    expect(few.metrics()).toMatchObject({ sent: 4, flow: { duplicates: 2 } });
    const steps = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    const brief = await steps.launch(Probe, { dedupe: { windowMs: 3 } });
    const send = () => brief.send('Note', { value: 1 }, { dedupeId: 'a' });
    for (let round = 0; round < 5; round++) {
      await send();
      await steps.step();
    }
    expect(brief.metrics()).toMatchObject({ sent: 2, flow: { duplicates: 3 } });
    await steps.close();
  });

  test('twice as many senders as slots never deadlock', async () => {
    const slots = 8;
    const counter = await runtime.launch(Counter, { queueCapacity: slots });
    const sender = async () => {
      for (let i = 0; i < 200; i++) await counter.send('Add', { by: 1 }, { timeoutMs: 60_000 });
    };
    await Promise.all(Array.from({ length: 2 * slots }, sender));
    const { count } = await counter.call('Get', {});
    expect(count).toBe(2 * slots * 200);
    expect(counter.metrics()).toMatchObject({ waitingSenders: 0, rejected: 0 });
  });
});
