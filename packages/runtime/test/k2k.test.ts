import {
  createRuntime,
  type HandleOf,
  InvalidOptionError,
  KernelTerminatedError,
  type LaunchOptions,
  type Runtime,
  type RuntimeOptions,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

function create(options: RuntimeOptions = {}): Promise<Runtime> {
  return createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, ...options });
}

describe('the broker', () => {
  let runtime: Runtime;
  let source: HandleOf<typeof Probe>;
  beforeEach(async () => {
    runtime = await create();
    source = await runtime.launch(Probe, { id: 'source' });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  const stopped = (options: LaunchOptions = {}) =>
    runtime.launch(Probe, { id: 'stopped', queueCapacity: 1, autoActivate: false, ...options });

  test('delivers to handles, names, and instances of names', async () => {
    const counters = await runtime.launch(Counter, { id: 'counters', instances: 4 });
    runtime.registry.register('third', counters.at(2));
    const endpoint = runtime.k2k.endpoint(source);
    const receipts = [
      await endpoint.send(counters.at(1), 'Add', { by: 1 }),
      await endpoint.send('third', 'Add', { by: 2 }),
      await endpoint.send({ name: 'counters', instance: 3 }, 'Add', { by: 3 }),
      await endpoint.send('counters', 'Add', { by: 4 }),
    ];
    expect(receipts.map(({ status }) => status)).toEqual(Array(4).fill('Delivered'));
    expect(receipts[0]).toMatchObject({
      source: { node: 0, kernelId: 'source', instance: 0 },
      destination: 'counters',
      type: 'Add',
      hops: 0,
      error: undefined,
    });
    expect(receipts[1]?.trace.map(({ node, step }) => [node, step])).toEqual([
      [0, 'sent'],
      [0, 'delivered'],
    ]);
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(4);
    const totals = [0, 1, 2, 3].map((i) => counters.at(i).call('Get', {}));
    expect((await Promise.all(totals)).map(({ total }) => total)).toEqual([4n, 1n, 2n, 3n]);
  });

  test('NotFound: no such name, or it has ended', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    const nobody = await endpoint.send('sauce', 'Note', { value: 1 });
    expect(nobody).toMatchObject({ status: 'NotFound', error: { hint: "is it 'source'?" } });
    const other = await stopped();
    await other.terminate({ timeoutMs: 0 });
    const ended = await endpoint.send(other, 'Note', { value: 1 });
    expect(ended).toMatchObject({ status: 'NotFound', error: { code: 'RK_KERNEL_TERMINATED' } });
    expect(ended.trace.at(-1)?.step).toBe('refused');
  });

  test('QueueFull: the policy is not to wait, or a rate limit is over', async () => {
    const other = await stopped({ onFull: 'reject' });
    const endpoint = runtime.k2k.endpoint(source);
    await endpoint.send(other, 'Note', { value: 1 });
    const full = await endpoint.send(other, 'Note', { value: 2 });
    expect(full).toMatchObject({ status: 'QueueFull', error: { code: 'RK_QUEUE_FULL' } });
    const rateLimit = { kind: 'sliding-window', max: 1, windowMs: 60_000 } as const;
    const limited = await runtime.launch(Probe, { id: 'limited', entrance: { rateLimit } });
    await endpoint.send(limited, 'Note', { value: 1 });
    const over = await endpoint.send(limited, 'Note', { value: 2 });
    expect(over).toMatchObject({ status: 'QueueFull', error: { code: 'RK_RATE_LIMITED' } });
  });

  test('Pending, then Timeout: it waits for room as long as it was told', async () => {
    const other = await stopped();
    const endpoint = runtime.k2k.endpoint(source);
    await endpoint.send(other, 'Note', { value: 1 });
    const id = endpoint.post(other, 'Note', { value: 2 }, { deliveryTimeoutMs: 20 });
    expect(runtime.k2k.receipt(id)).toMatchObject({ status: 'Pending', messageId: undefined });
    expect(runtime.k2k.stats()).toMatchObject({ pending: 1, byStatus: { Pending: 1 } });
    await expect.poll(() => runtime.k2k.receipt(id)?.status).toBe('Timeout');
    expect(runtime.k2k.receipt(id)).toMatchObject({ error: { timeoutMs: 20 } });
    expect(other.metrics()).toMatchObject({ sent: 2, rejected: 1, pending: 1 });
  });

  test('Delivered after waiting: there was room in time', async () => {
    const other = await stopped();
    const endpoint = runtime.k2k.endpoint(source);
    await endpoint.send(other, 'Note', { value: 1 });
    const payload = { value: 2 };
    const second = endpoint.send(other, 'Other', payload, { deliveryTimeoutMs: 60_000 });
    payload.value = 3;
    await other.activate();
    expect(await second).toMatchObject({ status: 'Delivered' });
    expect(await other.receive('Aside')).toMatchObject({ value: 2 });
  });

  test('Expired: its deadline is over before there is room', async () => {
    const other = await stopped();
    const endpoint = runtime.k2k.endpoint(source);
    const at = { deadlineMs: 0 };
    expect(await endpoint.send(other, 'Note', { value: 1 }, at)).toMatchObject({
      status: 'Expired',
    });
    await endpoint.send(other, 'Note', { value: 1 });
    const late = await endpoint.send(other, 'Note', { value: 2 }, { deadlineMs: 15 });
    expect(late).toMatchObject({ status: 'Expired' });
  });

  test('TenantMismatch: neither across tenants nor out of one', async () => {
    for (const name of ['a', 'b']) runtime.tenants.add(name);
    const [a, b] = await Promise.all(
      ['a', 'b'].map((tenant) => runtime.launch(Probe, { id: tenant, tenant })),
    );
    if (a === undefined || b === undefined) throw new Error('two kernels were launched');
    const endpoint = runtime.k2k.endpoint(a);
    for (const to of [b, 'b', source]) {
      const receipt = await endpoint.send(to, 'Note', { value: 1 });
      expect(receipt).toMatchObject({
        status: 'TenantMismatch',
        error: { code: 'RK_TENANT_MISMATCH' },
      });
    }
    const into = await runtime.k2k.endpoint(source).send(a, 'Note', { value: 1 });
    expect(into.status).toBe('TenantMismatch');
    expect((await endpoint.send('a', 'Note', { value: 1 })).status).toBe('Delivered');
    expect(b.metrics().sent).toBe(0);
  });

  test('Invalid: what the receiver does not understand', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    const codeOf = async (name: string, payload: object, instance = 0) => {
      const receipt = await endpoint.send({ name: 'source', instance }, name, payload);
      return [receipt.status, (receipt.error as { code: string }).code];
    };
    expect(await codeOf('Nope', {})).toEqual(['Invalid', 'RK_UNKNOWN_MESSAGE']);
    expect(await codeOf('Note', { value: 'x' })).toEqual(['Invalid', 'RK_SCHEMA_VALUE']);
    expect(await codeOf('Note', { value: 1 }, 1)).toEqual(['Invalid', 'RK_INVALID_OPTION']);
  });

  test('the source is whose handle one holds, and nobody else', async () => {
    const { k2k } = runtime;
    const id = 'source' as unknown as typeof source;
    expect(() => k2k.endpoint(id)).toThrow(InvalidOptionError);
    const other = await create();
    const foreign = await other.launch(Probe);
    expect(() => k2k.endpoint(foreign)).toThrow(InvalidOptionError);
    await other.close();

    const endpoint = k2k.endpoint(source);
    expect(k2k.endpoint(source)).toBe(endpoint);
    expect(() => Object.assign(endpoint.source, { kernelId: 'boss' })).toThrow(TypeError);
    expect(() => Object.assign(endpoint, { source: { kernelId: 'boss' } })).toThrow(TypeError);
    const stolen = Object.create(endpoint) as typeof endpoint;
    await expect(stolen.send('source', 'Note', { value: 1 })).rejects.toThrow(TypeError);
    const forged = { source: { kernelId: 'boss' } } as object;
    await expect(endpoint.send('source', 'Note', { value: 1 }, forged)).rejects.toThrow(
      InvalidOptionError,
    );
    const posing = { source: 64 } as object;
    await expect(source.send('Note', { value: 1 }, posing)).rejects.toThrow(InvalidOptionError);
    // A handle gives nothing away that could send in another name.
    expect(Object.keys(source)).toEqual(['index']);
  });

  test('an endpoint ends with its kernel, also when the id is used again', async () => {
    const first = await runtime.launch(Probe, { id: 'again' });
    const endpoint = runtime.k2k.endpoint(first);
    expect(runtime.k2k.stats().endpoints).toBe(1);
    await first.terminate();
    expect(runtime.k2k.stats().endpoints).toBe(0);
    const second = await runtime.launch(Probe, { id: 'again' });
    const send = endpoint.send('source', 'Note', { value: 1 });
    await expect(send).rejects.toThrow(KernelTerminatedError);
    expect(() => runtime.k2k.endpoint(first)).toThrow(InvalidOptionError);
    const own = await runtime.k2k.endpoint(second).send('source', 'Note', { value: 1 });
    expect(own.status).toBe('Delivered');
  });

  test.each([
    [10, [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 3, 2, 1, 4]],
    [100, undefined],
  ])('the more urgent of %d goes first, and nobody waits for ever', async (count, order) => {
    const other = await stopped();
    const endpoint = runtime.k2k.endpoint(source);
    const send = (value: number, priority: 'low' | 'normal' | 'high' | 'critical') =>
      endpoint.send(other, 'Other', { value }, { priority, deliveryTimeoutMs: 60_000 });
    await send(0, 'normal');
    const sends = [send(1, 'low'), send(2, 'normal'), send(3, 'high'), send(4, 'low')];
    for (let i = 0; i < count; i++) sends.push(send(100 + i, 'critical'));
    await other.activate();
    await Promise.all(sends);
    await runtime.settled();
    const seen: number[] = [];
    for (let m = other.tryReceive(); m; m = other.tryReceive()) seen.push(m.value);
    expect(seen.shift()).toBe(0);
    if (order !== undefined) expect(seen).toEqual(order);
    expect(seen).toHaveLength(count + 4);
    for (const value of [1, 2, 3]) expect(seen.indexOf(value)).toBeLessThan(70);
    const urgent = seen.filter((value) => value >= 100);
    expect(urgent).toEqual(urgent.toSorted((a, b) => a - b));
  });

  test('a message with a known dedupeId is delivered once', async () => {
    const counter = await runtime.launch(Counter);
    const endpoint = runtime.k2k.endpoint(source);
    const options = { dedupeId: 'order-1' };
    const first = await endpoint.send(counter, 'Add', { by: 2 }, options);
    const second = await endpoint.send(counter, 'Add', { by: 2 }, options);
    expect(second).toMatchObject({ status: 'Delivered', messageId: first.messageId });
    expect(await counter.call('Get', {})).toMatchObject({ count: 1 });
  });

  test('to all that match, once each', async () => {
    const probes = await runtime.launch(Probe, { id: 'probes', instances: 3, tags: ['hot'] });
    runtime.registry.register('probes/1', probes.at(1), { tags: ['hot'] });
    runtime.registry.register('probes/1/also', probes.at(1), { tags: ['hot'] });
    const endpoint = runtime.k2k.endpoint(source);
    const receipts = await endpoint.sendAll({ tags: ['hot'] }, 'Note', { value: 1 });
    expect(receipts.map(({ status }) => status)).toEqual(['Delivered', 'Delivered']);
    expect(await endpoint.sendAll({ pattern: 'nobody*' }, 'Note', { value: 1 })).toEqual([]);
    await runtime.settled();
    expect(probes.metrics().handled).toBe(2);
  });

  test('figures', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    await endpoint.send('source', 'Note', { value: 1 });
    await endpoint.send('nobody', 'Note', { value: 1 });
    await endpoint.send('nobody', 'Note', { value: 1 });
    expect(runtime.k2k.stats()).toMatchObject({
      endpoints: 1,
      peers: 0,
      routes: 0,
      sent: 3,
      pending: 0,
      byStatus: { Delivered: 1, NotFound: 2, QueueFull: 0 },
      forwarded: 0,
      receipts: 3,
    });
  });

  test.each([
    ['a name nobody knows', 'prio', { prio: 'high' }],
    ['no such priority', 'priority', { priority: 'urgent' }],
    ['a deadline in the past', 'deadlineMs', { deadlineMs: -1 }],
    ['a wait of no length', 'deliveryTimeoutMs', { deliveryTimeoutMs: -1 }],
    ['an empty dedupeId', 'dedupeId', { dedupeId: '' }],
  ])('options: %s', async (_, option, options) => {
    const endpoint = runtime.k2k.endpoint(source);
    const send = endpoint.send('source', 'Note', { value: 1 }, options as object);
    await expect(send).rejects.toMatchObject({ code: 'RK_INVALID_OPTION', option });
    expect(runtime.k2k.stats().sent).toBe(0);
  });

  test('options: targets that are none', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    for (const to of ['', 7, null, {}, { name: 'source', instance: -1 }, { name: 'source' }]) {
      const send = endpoint.send(to as string, 'Note', { value: 1 });
      await expect(send).rejects.toThrow(InvalidOptionError);
    }
  });
});

describe('the options of a broker', () => {
  async function pair(options: RuntimeOptions) {
    const runtime = await create(options);
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    return { runtime, probe, endpoint: runtime.k2k.endpoint(probe) };
  }

  test('receiptCapacity and receiptAgeMs', async () => {
    const { runtime, endpoint } = await pair({ k2k: { receiptCapacity: 2 } });
    const ids = [1, 2, 3].map((value) => endpoint.post('nobody', 'Note', { value }));
    expect(ids.map((id) => runtime.k2k.receipt(id)?.status)).toEqual([
      undefined,
      'NotFound',
      'NotFound',
    ]);
    expect(runtime.k2k.stats().receipts).toBe(2);
    await runtime.close();
    const brief = await pair({ k2k: { receiptAgeMs: 20 } });
    const id = brief.endpoint.post('nobody', 'Note', { value: 1 });
    await expect.poll(() => brief.runtime.k2k.receipt(id)).toBeUndefined();
    expect(brief.runtime.k2k.stats().receipts).toBe(0);
    await brief.runtime.close();
  });

  test('maxPending', async () => {
    const { runtime, probe, endpoint } = await pair({ k2k: { maxPending: 2 } });
    await endpoint.send(probe, 'Note', { value: 0 });
    const sends = [1, 2, 3].map((value) => endpoint.send(probe, 'Note', { value }));
    expect(await sends[2]).toMatchObject({ status: 'QueueFull', error: { capacity: 2 } });
    await probe.activate();
    expect(await sends[1]).toMatchObject({ status: 'Delivered' });
    expect((await endpoint.send(probe, 'Note', { value: 4 })).status).toBe('Delivered');
    await runtime.close();
  });

  test('deliveryTimeoutMs', async () => {
    const { runtime, probe, endpoint } = await pair({ k2k: { deliveryTimeoutMs: 7 } });
    await endpoint.send(probe, 'Note', { value: 0 });
    const late = await endpoint.send(probe, 'Note', { value: 1 });
    expect(late).toMatchObject({ status: 'Timeout', error: { timeoutMs: 7 } });
    await runtime.close();
  });

  test('in lockstep a deadline is a number of rounds', async () => {
    const { runtime, probe, endpoint } = await pair({ schedule: 'lockstep' });
    await endpoint.send(probe, 'Note', { value: 0 });
    const second = endpoint.send(probe, 'Note', { value: 1 }, { deadlineMs: 2 });
    await probe.activate();
    await runtime.step(1);
    expect(await second).toMatchObject({ status: 'Delivered' });
    await runtime.step(2);
    expect(probe.metrics().handled + probe.metrics().deadLettered.expired).toBe(2);
    await runtime.close();
  });
});
