import {
  createRuntime,
  FeedOverflowError,
  InvalidOptionError,
  type Publication,
  type Runtime,
  TimeoutError,
  UnknownMessageError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';
import { losable } from './losable.ts';

describe('topics', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({
      backend: 'cpu',
      backendOptions: { workers: 1 },
      maxRetained: 3,
    });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  /** Publishes 1 to `count` and tells how many subscribers there were. */
  async function publish(count: number, qos: 0 | 1 | 2 = 0): Promise<void> {
    for (let value = 1; value <= count; value++) {
      await runtime.topics.publish('t', { value }, { qos, timeoutMs: 60_000 });
    }
  }

  /** A listener that is held up until it is let go. */
  function heldUp() {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const seen: unknown[] = [];
    const listener = async ({ payload }: Publication) => {
      await gate;
      seen.push((payload as { value: number }).value);
    };
    return { go, seen, listener };
  }

  test('filters', async () => {
    const heard = (filter: string) => {
      const topics: string[] = [];
      runtime.topics.subscribe(filter, ({ topic }) => topics.push(topic));
      return topics;
    };
    const filters = ['a/b', 'a/*', '*/b', 'a/#', '#', '*', 'a/*/c', 'b/#'];
    const lists = filters.map(heard);
    const counts: number[] = [];
    for (const topic of ['a', 'a/b', 'a/b/c', 'b']) {
      counts.push(await runtime.topics.publish(topic, {}));
    }
    expect(counts).toEqual([3, 5, 3, 3]);
    await expect.poll(() => lists.flat().length).toBe(14);
    expect(Object.fromEntries(filters.map((filter, i) => [filter, lists[i]]))).toEqual({
      'a/b': ['a/b'],
      'a/*': ['a/b'],
      '*/b': ['a/b'],
      'a/#': ['a', 'a/b', 'a/b/c'],
      '#': ['a', 'a/b', 'a/b/c', 'b'],
      '*': ['a', 'b'],
      'a/*/c': ['a/b/c'],
      'b/#': ['b'],
    });
  });

  test('a filter or topic that is none', async () => {
    for (const filter of ['', 'a//b', '/a', 'a/', 'a/#/b', 'a#', 'a/b*', 7]) {
      expect(() => runtime.topics.subscribe(filter as string)).toThrow(InvalidOptionError);
    }
    for (const topic of ['', 'a//b', 'a/*', '#']) {
      await expect(runtime.topics.publish(topic, {})).rejects.toThrow(InvalidOptionError);
    }
    expect(runtime.topics.stats()).toMatchObject({ subscriptions: 0, published: 0 });
  });

  test.each([
    ['qos', { qos: 3 }],
    ['capacity', { capacity: 0 }],
    ['onSlow', { onSlow: 'drop' }],
    ['onSlow', { qos: 1, onSlow: 'drop-oldest' }],
    ['retryMs', { retryMs: -1 }],
    ['retryMs', { retryMs: Number.POSITIVE_INFINITY }],
    ['prio', { prio: 1 }],
  ])('options of subscribers: %s %o', (option, options) => {
    const subscribe = () => runtime.topics.subscribe('t', () => {}, options as object);
    expect(subscribe).toThrow(InvalidOptionError);
    expect(subscribe).toThrow(option);
  });

  test.each([
    ['qos', { qos: '1' }],
    ['retain', { retain: 1 }],
    ['id', { id: '' }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['keep', { keep: true }],
  ])('options of publishers: %s %o', async (option, options) => {
    const publish = runtime.topics.publish('t', {}, options as object);
    await expect(publish).rejects.toMatchObject({ code: 'RK_INVALID_OPTION', option });
  });

  test('a loop gets what is published, until it is left', async () => {
    const stream = runtime.topics.subscribe('t');
    await publish(5);
    const seen: unknown[] = [];
    for await (const { payload, topic, retained } of stream) {
      seen.push({ ...(payload as object), topic, retained });
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([1, 2, 3].map((value) => ({ value, topic: 't', retained: false })));
    expect(await stream.ended).toBeUndefined();
    await expect.poll(() => stream.delivered).toBe(3);
    expect([stream.dropped, stream.pending]).toEqual([2, 0]);
    expect(await runtime.topics.publish('t', {})).toBe(0);
    expect(runtime.topics.stats()).toMatchObject({ subscriptions: 0, published: 6, unheard: 1 });
  });

  test('a loop has taken a publication when it asks for the next', async () => {
    const stream = runtime.topics.subscribe('t', { qos: 1 });
    await publish(2, 1);
    const loop = stream[Symbol.asyncIterator]();
    await loop.next();
    expect(stream).toMatchObject({ delivered: 0, pending: 2 });
    await loop.next();
    await expect.poll(() => stream.delivered).toBe(1);
    await loop.return?.();
    await expect.poll(() => stream.delivered).toBe(2);
  });

  test('what is published is a copy', async () => {
    const stream = runtime.topics.subscribe('t');
    const payload = { value: 1 };
    await runtime.topics.publish('t', payload);
    payload.value = 2;
    for await (const got of stream) {
      expect(got.payload).toEqual({ value: 1 });
      break;
    }
  });

  test('kernels subscribe with their messages', async () => {
    const counters = await runtime.launch(Counter, { instances: 3 });
    const subscription = runtime.topics.subscribeKernel('sums/*', counters.at(2), 'Add');
    for (let by = 1; by <= 10; by++) await runtime.topics.publish('sums/x', { by });
    await expect.poll(() => subscription.delivered).toBe(10);
    expect(await counters.at(2).call('Get', {})).toEqual({ count: 10, total: 55n });
    expect(() => runtime.topics.subscribeKernel('t', counters, 'Ad')).toThrow(UnknownMessageError);
    const id = 7 as unknown as typeof counters;
    expect(() => runtime.topics.subscribeKernel('t', id, 'Add')).toThrow(InvalidOptionError);
    await runtime.topics.publish('sums/x', { by: 'x' });
    await expect.poll(() => subscription.failed).toBe(1);
    expect(subscription.lastError).toMatchObject({ code: 'RK_SCHEMA_VALUE' });
  });

  test('kernels publish what they emit', async () => {
    const probe = await runtime.launch(Probe);
    const stream = runtime.topics.subscribe('#');
    const relay = runtime.topics.publishEvents(probe, 'Aside', 'probe/aside', { retain: true });
    for (let value = 0; value < 3; value++) await probe.send('Other', { value });
    const seen: unknown[] = [];
    for await (const { topic, payload } of stream) {
      seen.push([topic, payload]);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([0, 1, 2].map((value) => ['probe/aside', { value }]));
    await expect.poll(() => relay.delivered).toBe(3);
    expect(runtime.topics.retained()).toMatchObject([{ payload: { value: 2 } }]);
    expect(() => runtime.topics.publishEvents(probe, 'Asides', 'x')).toThrow("is it 'Aside'?");
    const id = { id: 'x' } as object;
    const publishAll = () => runtime.topics.publishEvents(probe, 'Aside', 'x', id);
    expect(publishAll).toThrow(InvalidOptionError);
    relay.stop();
    expect(await relay.ended).toBeUndefined();
  });

  test('kernels of other tenants hear nothing of it', async () => {
    for (const name of ['a', 'b']) runtime.tenants.add(name);
    const [a, b] = [
      await runtime.launch(Probe, { id: 'a', tenant: 'a' }),
      await runtime.launch(Probe, { id: 'b', tenant: 'b' }),
    ];
    const own = runtime.topics.subscribeKernel('t', a, 'Note');
    runtime.topics.subscribeKernel('t', b, 'Note');
    const host = runtime.topics.subscribe('t', () => {});
    runtime.topics.publishEvents(a, 'Aside', 't', { retain: true });
    await a.send('Other', { value: 1 });
    await expect.poll(() => [own.delivered, host.delivered]).toEqual([1, 1]);
    runtime.topics.subscribeKernel('#', b, 'Note');
    expect(runtime.topics.stats().refused).toBe(2);
    await runtime.settled();
    expect(b.metrics().sent).toBe(0);
  });

  test('retained publications come with the subscription', async () => {
    const retain = (topic: string, value: number) =>
      runtime.topics.publish(topic, { value }, { retain: true });
    await retain('r/a', 1);
    await retain('r/b', 2);
    await retain('r/a', 3);
    await runtime.topics.publish('r/b', { value: 9 });
    const valuesOf = (publications: readonly Publication[]) =>
      publications.map(({ topic, payload }) => [topic, (payload as { value: number }).value]);
    expect(valuesOf(runtime.topics.retained('r/*'))).toEqual([
      ['r/b', 2],
      ['r/a', 3],
    ]);
    const seen: Publication[] = [];
    runtime.topics.subscribe('r/#', (publication) => seen.push(publication));
    await expect.poll(() => seen.length).toBe(2);
    expect(seen.every(({ retained }) => retained)).toBe(true);
    expect(runtime.topics.clearRetained('r/b')).toBe(true);
    expect(runtime.topics.clearRetained('r/b')).toBe(false);
    for (const topic of ['r/c', 'r/d', 'r/e']) await retain(topic, 5);
    expect(runtime.topics.retained().map(({ topic }) => topic)).toEqual(['r/c', 'r/d', 'r/e']);
    expect(runtime.topics.stats()).toMatchObject({ retained: 3, retainedEvicted: 1 });
  });

  test('QoS 0: at most once; a full mailbox or a failing listener miss it, counted', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 2, autoActivate: false });
    const kernel = runtime.topics.subscribeKernel('t', probe, 'Note', { qos: 1 });
    let calls = 0;
    const failing = runtime.topics.subscribe('t', () => {
      calls++;
      throw new Error('no');
    });
    await publish(5);
    await expect.poll(() => [kernel.delivered, kernel.dropped, failing.failed]).toEqual([2, 3, 5]);
    expect(calls).toBe(5);
    expect(failing).toMatchObject({ lastError: new Error('no'), redelivered: 0 });
  });

  test('QoS 1: at least once; again until it is taken', async () => {
    const probe = await runtime.launch(Probe, {
      queueCapacity: 1,
      onFull: 'reject',
      autoActivate: false,
    });
    const options = { qos: 1, retryMs: 1 } as const;
    const kernel = runtime.topics.subscribeKernel('t', probe, 'Other', options);
    const seen: number[] = [];
    const listener = runtime.topics.subscribe(
      't',
      ({ payload }) => {
        seen.push((payload as { value: number }).value);
        if (seen.length < 4) throw new Error('not yet');
      },
      options,
    );
    await publish(3, 2);
    await expect.poll(() => kernel.redelivered).toBeGreaterThan(2);
    expect(kernel.delivered).toBe(1);
    await probe.activate();
    await expect.poll(() => [kernel.delivered, listener.delivered]).toEqual([3, 3]);
    const values: number[] = [];
    for (let i = 0; i < 3; i++) values.push((await probe.receive('Aside')).value);
    expect(values).toEqual([1, 2, 3]);
    expect(seen).toEqual([1, 1, 1, 1, 2, 3]);
    expect(listener).toMatchObject({ redelivered: 3, failed: 0 });
  });

  test('QoS 2: exactly once, also when it is published again', async () => {
    const counts = { atLeast: 0, exactly: 0 };
    const exactly = runtime.topics.subscribe(
      't',
      () => {
        counts.exactly++;
        throw new Error('handed over once all the same');
      },
      { qos: 2 },
    );
    const atLeast = runtime.topics.subscribe('t', () => void counts.atLeast++, { qos: 1 });
    const counter = await runtime.launch(Counter);
    const kernel = runtime.topics.subscribeKernel('t', counter, 'Add', { qos: 2 });
    for (const id of ['a', 'a', 'b', 'a']) {
      await runtime.topics.publish('t', { by: 1 }, { qos: 2, id });
    }
    await expect
      .poll(() => [kernel.delivered, atLeast.delivered, exactly.failed])
      .toEqual([2, 4, 2]);
    expect(counts).toEqual({ atLeast: 4, exactly: 2 });
    expect(kernel.duplicates).toBe(2);
    expect(await counter.call('Get', {})).toMatchObject({ count: 2 });
  });

  test('slow subscribers: the oldest are dropped', async () => {
    const { go, seen, listener } = heldUp();
    const subscription = runtime.topics.subscribe('t', listener, { capacity: 2 });
    await publish(1);
    await publish(5);
    expect(subscription).toMatchObject({ dropped: 3, pending: 3 });
    go();
    await expect.poll(() => subscription.pending).toBe(0);
    expect(seen).toEqual([1, 4, 5]);
  });

  test('slow subscribers: the subscription ends', async () => {
    const options = { qos: 1, capacity: 2, onSlow: 'disconnect' } as const;
    const stream = runtime.topics.subscribe('t', options);
    await publish(4, 1);
    expect(await stream.ended).toBeInstanceOf(FeedOverflowError);
    expect(stream).toMatchObject({ dropped: 3 });
    const loop = stream[Symbol.asyncIterator]();
    expect(await loop.next()).toMatchObject({ value: { payload: { value: 1 } } });
    await expect(loop.next()).rejects.toThrow(FeedOverflowError);
    expect(runtime.topics.stats().subscriptions).toBe(0);
  });

  test('slow subscribers: what a kernel was promised becomes dead letters', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const options = { qos: 1, capacity: 1, onSlow: 'disconnect' } as const;
    const subscription = runtime.topics.subscribeKernel('t', probe, 'Note', options);
    await publish(2, 1);
    await expect.poll(() => subscription.pending).toBe(1);
    for (const value of [3, 4]) await runtime.topics.publish('t', { value }, { qos: 1 });
    expect(await subscription.ended).toBeInstanceOf(FeedOverflowError);
    const promised = runtime.deadLetters.toArray().map(({ payload }) => payload);
    expect(promised).toEqual(expect.arrayContaining([{ value: 3 }, { value: 4 }]));
    expect(subscription.dropped).toBe(2);
  });

  test('slow subscribers: publishers wait, in order', async () => {
    const { go, seen, listener } = heldUp();
    const subscription = runtime.topics.subscribe('t', listener, { qos: 2, capacity: 1 });
    await publish(2, 2);
    const late = runtime.topics.publish('t', { value: 0 }, { qos: 2, timeoutMs: 5 });
    await expect(late).rejects.toThrow(TimeoutError);
    const rest = [3, 4, 5].map((value) =>
      runtime.topics.publish('t', { value }, { qos: 2, timeoutMs: 60_000 }),
    );
    go();
    expect(await Promise.all(rest)).toEqual([1, 1, 1]);
    await expect.poll(() => seen).toEqual([1, 2, 3, 4, 5]);
    expect(subscription.dropped).toBe(0);
  });

  test('a kernel that ends leaves what it was promised as dead letters', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const subscription = runtime.topics.subscribeKernel('t', probe, 'Note', { qos: 1 });
    await publish(4, 1);
    await expect.poll(() => subscription.delivered).toBe(1);
    await probe.terminate({ timeoutMs: 0 });
    expect(await subscription.ended).toMatchObject({ code: 'RK_KERNEL_TERMINATED' });
    await expect.poll(() => runtime.deadLetters.size).toBe(4);
    const values = runtime.deadLetters.toArray().map(({ payload }) => payload);
    expect(values).toEqual(expect.arrayContaining([1, 2, 3, 4].map((value) => ({ value }))));
    const again = await runtime.launch(Probe);
    expect(await runtime.deadLetters.replay()).toMatchObject({ replayed: 4, failed: [] });
    await runtime.settled();
    expect(again.metrics().handled).toBe(4);
    expect(() => runtime.topics.subscribeKernel('t', probe, 'Note')).toThrow('terminated');
  });

  test('so does one whose publisher still waits for room', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const options = { qos: 1, capacity: 1 } as const;
    const subscription = runtime.topics.subscribeKernel('t', probe, 'Note', options);
    await publish(2, 1);
    await expect.poll(() => subscription.pending).toBe(1);
    await publish(1, 1);
    const last = runtime.topics.publish('t', { value: 4 }, { qos: 1, timeoutMs: 60_000 });
    await probe.terminate({ timeoutMs: 0 });
    expect(await last).toBe(1);
    await expect.poll(() => runtime.deadLetters.size).toBe(4);
    const { delivered, dropped } = subscription;
    expect({ delivered, dropped }).toEqual({ delivered: 1, dropped: 3 });
    expect(runtime.topics.stats()).toMatchObject({ delivered: 1, dropped: 3, pending: 0 });
  });

  test('a subscription of an instance ends when it has retired', async () => {
    const probes = await runtime.launch(Probe, { id: 'probes', instances: 2 });
    const options = { qos: 1, retryMs: 1 } as const;
    const subscription = runtime.topics.subscribeKernel('t', probes.at(1), 'Note', options);
    const named = { name: 'probes', instance: 1 };
    const follower = runtime.topics.subscribeKernel('t', named, 'Note', options);
    await publish(1, 1);
    for (const one of [subscription, follower]) await expect.poll(() => one.delivered).toBe(1);
    await runtime.settled(); // else what waits dies with the instance
    await probes.retire(1);
    await publish(1, 1);
    expect(await subscription.ended).toMatchObject({ code: 'RK_INSTANCE_NOT_FOUND' });
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'terminated', instance: 1, payload: { value: 1 } },
    ]);
    await expect.poll(() => follower.redelivered).toBeGreaterThan(0);
    expect(await probes.spawn()).toBe(1);
    await expect.poll(() => follower.delivered).toBe(2);
    follower.unsubscribe();
  });

  test('a subscription by name follows it to a kernel that was launched again', async () => {
    const { topics } = runtime;
    const options = { instances: 2, id: 'sums' };
    const first = await runtime.launch(Counter, options);
    const promised = topics.subscribeKernel('t', { name: 'sums', instance: 1 }, 'Add', {
      qos: 1,
      retryMs: 1,
    });
    const missing = topics.subscribeKernel('t', 'sums', 'Add');
    const bound = topics.subscribeKernel('t', first, 'Add');
    await topics.publish('t', { by: 1 }, { qos: 1 });
    await topics.settled();
    await first.terminate();
    expect(await bound.ended).toMatchObject({ code: 'RK_KERNEL_TERMINATED', kernelId: 'sums' });
    await topics.publish('t', { by: 2 }, { qos: 1 });
    await expect.poll(() => [promised.redelivered > 1, missing.dropped]).toEqual([true, 1]);
    expect(promised.lastError).toMatchObject({ code: 'RK_NAME_NOT_FOUND' });
    const second = await runtime.launch(Counter, options);
    await topics.publish('t', { by: 4 }, { qos: 1 });
    await topics.settled();
    expect(await second.at(1).call('Get', {})).toEqual({ count: 2, total: 6n });
    expect(await second.at(0).call('Get', {})).toEqual({ count: 1, total: 4n });
    expect(promised).toMatchObject({ delivered: 3, dropped: 0, failed: 0 });
    expect(() => topics.subscribeKernel('t', 'sum', 'Add')).toThrow("'sum'");
    expect(() => topics.subscribeKernel('t', 'sums', 'Ad')).toThrow(UnknownMessageError);
  });

  test('a subscription by name does not follow it to another tenant', async () => {
    for (const name of ['a', 'b']) runtime.tenants.add(name);
    const first = await runtime.launch(Counter, { id: 'sums', tenant: 'a' });
    const subscription = runtime.topics.subscribeKernel('t', 'sums', 'Add', { qos: 1 });
    await first.terminate();
    const second = await runtime.launch(Counter, { id: 'sums', tenant: 'b' });
    await runtime.topics.publish('t', { by: 1 }, { qos: 1 });
    expect(await subscription.ended).toMatchObject({ code: 'RK_TENANT_MISMATCH' });
    await runtime.topics.settled();
    expect(second.metrics().sent).toBe(0);
    await expect.poll(() => runtime.deadLetters.size).toBe(1);
  });

  test('a lost device ends its subscriptions', async () => {
    const { backend, lose } = losable();
    const losing = await createRuntime({ backend, backendOptions: { workers: 1 } });
    const probe = await losing.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const ended = [probe, 'Probe'].map((to) => {
      return losing.topics.subscribeKernel('t', to, 'Note', { qos: 1 }).ended;
    });
    const events = losing.topics.publishEvents(probe, 'Aside', 'aside');
    for (let value = 0; value < 3; value++) {
      await losing.topics.publish('t', { value }, { qos: 1 });
    }
    await lose();
    for (const error of [...(await Promise.all(ended)), await events.ended]) {
      expect(error).toMatchObject({ code: 'RK_DEVICE_LOST' });
    }
    await losing.topics.settled();
    const letters = losing.deadLetters.find({ reason: 'device-lost' });
    expect(letters.length).toBeGreaterThan(3);
    await losing.close();
  });

  test('settled: when every subscriber has taken, missed or given up what was published', async () => {
    const { topics } = runtime;
    await topics.settled();
    const { go, seen, listener } = heldUp();
    topics.subscribe('t', listener, { qos: 1, capacity: 1 });
    const again: unknown[] = [];
    topics.subscribe('u', ({ payload }) => again.push(payload));
    topics.subscribe('t', ({ payload }) => topics.publish('u', payload));
    const failing = topics.subscribe('t', () => Promise.reject(new Error('no')));
    await publish(2, 1);
    const third = publish(1, 1); // waits for room
    expect(topics.stats()).toMatchObject({ pending: 7 });
    await expect(topics.settled({ timeoutMs: 5 })).rejects.toThrow(TimeoutError);
    const aborted = topics.settled({ signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'RK_CANCELLED' });
    go();
    await topics.settled();
    expect([seen, again.length, failing.failed]).toEqual([[1, 2, 1], 3, 3]);
    await third;
    expect(topics.stats()).toMatchObject({ pending: 0, delivered: 9, failed: 3, dropped: 0 });
  });

  test('settled: also when a subscription ends with what waits for it', async () => {
    const { topics } = runtime;
    const stream = topics.subscribe('t');
    await publish(3);
    const settled = topics.settled();
    stream.unsubscribe();
    await settled;
    expect(topics.stats()).toMatchObject({ pending: 0, dropped: 2 });
    expect(() => topics.settled({ timeout: 1 } as object)).toThrow(InvalidOptionError);
  });

  test('unsubscribed, nothing more comes; with the runtime, all end', async () => {
    let calls = 0;
    const subscription = runtime.topics.subscribe('t', () => void calls++);
    const failing = runtime.topics.subscribe('t', () => Promise.reject(new Error('no')), {
      qos: 1,
      retryMs: 3_600_000,
    });
    await publish(1, 1);
    await expect.poll(() => calls).toBe(1);
    subscription.unsubscribe();
    subscription.unsubscribe();
    await publish(1);
    failing.unsubscribe();
    await expect.poll(() => failing.dropped).toBe(2);
    const other = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const stream = other.topics.subscribe('t');
    const loop = (async () => {
      for await (const _ of stream) calls++;
    })();
    await other.close();
    await loop;
    expect(calls).toBe(1);
  });
});
