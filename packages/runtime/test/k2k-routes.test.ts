import { createRuntime, InvalidOptionError, type Receipt, type Runtime } from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

/** Four runtimes in a row: 0 - 1 - 2 - 3. */
describe('routes', () => {
  let nodes: Runtime[];
  beforeEach(async () => {
    nodes = [];
    for (let nodeId = 0; nodeId < 4; nodeId++) {
      const k2k = nodeId === 3 ? { maxHops: 2 } : {};
      nodes.push(
        await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, nodeId, k2k }),
      );
    }
    for (let i = 0; i < 3; i++) at(i).k2k.connect(at(i + 1).k2k);
  });
  afterEach(async () => {
    for (const node of nodes) {
      await expectNothingLost(node);
      await node.close();
    }
  });

  const at = (i: number) => nodes[i] as Runtime;
  const route = (from: number, pattern: string, via: number) =>
    at(from).k2k.addRoute(pattern, at(via).k2k);
  const steps = ({ trace }: Receipt) => trace.map(({ node, step }) => `${step} ${node}`);
  const endpointAt = async (i: number) => at(i).k2k.endpoint(await at(i).launch(Probe));

  test('a message goes over several hops, and its trace says which', async () => {
    const far = await at(3).launch(Counter, { id: 'far/counter', instances: 2 });
    const endpoint = await endpointAt(0);
    for (let i = 0; i < 3; i++) route(i, 'far/*', i + 1);
    const receipt = await endpoint.send({ name: 'far/counter', instance: 1 }, 'Add', { by: 9 });
    expect(receipt).toMatchObject({ status: 'Delivered', hops: 3 });
    expect(steps(receipt)).toEqual([
      'sent 0',
      'forwarded 1',
      'forwarded 2',
      'forwarded 3',
      'delivered 3',
    ]);
    const times = receipt.trace.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(await far.at(1).call('Get', {})).toEqual({ count: 1, total: 9n });
    expect(nodes.map(({ k2k }) => k2k.stats().forwarded)).toEqual([0, 1, 1, 0]);
    expect(nodes.map(({ k2k }) => k2k.stats().sent)).toEqual([1, 0, 0, 0]);
    expect(at(0).k2k.receipt(receipt.id)).toEqual(receipt);
    expect(at(3).k2k.receipt(receipt.id)).toBeUndefined();
  });

  test('MaxHopsExceeded: a loop ends', async () => {
    const endpoint = await endpointAt(0);
    route(0, 'lost', 1);
    route(1, 'lost', 0);
    const receipt = await endpoint.send('lost', 'Note', { value: 1 });
    expect(receipt).toMatchObject({ status: 'MaxHopsExceeded', hops: 8 });
    expect(steps(receipt).slice(0, 3)).toEqual(['sent 0', 'forwarded 1', 'forwarded 0']);
    expect(receipt.trace).toHaveLength(10);
  });

  test('MaxHopsExceeded: as far as the sender allows', async () => {
    await at(0).launch(Probe, { id: 'home' });
    const endpoint = await endpointAt(3);
    for (let i = 3; i > 0; i--) route(i, 'home', i - 1);
    const receipt = await endpoint.send('home', 'Note', { value: 1 });
    expect(receipt).toMatchObject({ status: 'MaxHopsExceeded', hops: 2 });
    expect(steps(receipt).at(-1)).toBe('refused 1');
  });

  test('what happens at the far end is told to the sender', async () => {
    const endpoint = await endpointAt(0);
    route(0, '**', 1);
    const nobody = await endpoint.send('nobody', 'Note', { value: 1 });
    expect(nobody).toMatchObject({ status: 'NotFound', hops: 1 });
    const full = await at(1).launch(Probe, { id: 'full', queueCapacity: 1, autoActivate: false });
    await endpoint.send('full', 'Note', { value: 1 });
    const late = await endpoint.send('full', 'Note', { value: 2 }, { deliveryTimeoutMs: 5 });
    expect(late).toMatchObject({ status: 'Timeout', hops: 1 });
    at(1).tenants.add('x');
    await at(1).launch(Probe, { id: 'rented', tenant: 'x' });
    const rented = await endpoint.send('rented', 'Note', { value: 1 });
    expect(rented).toMatchObject({ status: 'TenantMismatch', hops: 1 });
    const waiting = endpoint.send('full', 'Note', { value: 3 });
    await full.terminate({ timeoutMs: 0 });
    expect(await waiting).toMatchObject({ status: 'NotFound' });
  });

  test('who is here is not looked for elsewhere, and exact routes need no pattern', async () => {
    await at(1).launch(Probe, { id: 'Probe' });
    await at(1).launch(Probe, { id: 'b' });
    const endpoint = await endpointAt(0);
    route(0, '*', 1);
    expect(await endpoint.send('Probe', 'Note', { value: 1 })).toMatchObject({ hops: 0 });
    expect(await endpoint.send('b', 'Note', { value: 1 })).toMatchObject({ hops: 1 });
    expect(at(0).k2k.removeRoute('*')).toBe(true);
    expect(at(0).k2k.removeRoute('*')).toBe(false);
    expect(await endpoint.send('b', 'Note', { value: 1 })).toMatchObject({ status: 'NotFound' });
    route(0, 'b', 1);
    expect(await endpoint.send('b', 'Note', { value: 1 })).toMatchObject({ hops: 1 });
  });

  test('a connection that is taken back takes its routes along', async () => {
    await at(1).launch(Probe, { id: 'b' });
    const endpoint = await endpointAt(0);
    route(0, 'b', 1);
    expect(at(0).k2k.stats()).toMatchObject({ peers: 1, routes: 1 });
    at(1).k2k.disconnect(at(0).k2k);
    expect(at(0).k2k.stats()).toMatchObject({ peers: 0, routes: 0 });
    expect(await endpoint.send('b', 'Note', { value: 1 })).toMatchObject({ status: 'NotFound' });
    expect(() => route(0, 'b', 1)).toThrow(InvalidOptionError);
    await at(2).close();
    expect(at(3).k2k.stats().peers).toBe(0);
    nodes.splice(2, 1);
  });

  test('brokers of the same node id can not be told apart', async () => {
    const twin = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    expect(() => at(0).k2k.connect(twin.k2k)).toThrow(InvalidOptionError);
    expect(() => at(0).k2k.connect({} as typeof twin.k2k)).toThrow(InvalidOptionError);
    await twin.close();
  });

  test('a relay carries what a kernel emits to a kernel of another device', async () => {
    const source = await at(0).launch(Probe, { id: 'source' });
    const sink = await at(1).launch(Counter, { id: 'sink' });
    const aside = await at(1).launch(Probe, { id: 'aside' });
    route(0, 'sink', 1);
    const wrong = at(0).k2k.endpoint(source).relay('Told', 'sink', 'Add');
    const right = at(0).k2k.endpoint(source).relay('Aside', aside, 'Other');
    for (let value = 0; value < 20; value++) await source.send('Other', { value });
    await source.send('Tell', { count: 2, base: 5 });
    await expect.poll(() => [right.delivered, wrong.undelivered]).toEqual([20, 2]);
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) seen.push((await aside.receive('Aside')).value);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(at(0).deadLetters.toArray()).toMatchObject([
      {
        reason: 'invalid',
        kernelId: 'sink',
        type: 'Add',
        payload: { value: 5, index: 0 },
        bytes: 8,
      },
      { reason: 'invalid', payload: { value: 6 } },
    ]);
    expect(sink.metrics().sent).toBe(0);
    right.stop();
    expect(await right.ended).toBeUndefined();
    await source.send('Other', { value: 99 });
    expect(await source.receive('Aside')).toMatchObject({ value: 99 });
    await source.terminate();
    expect(await wrong.ended).toMatchObject({ code: 'RK_KERNEL_TERMINATED' });
  });

  test('a relay tells why it had to end, and what is wrong with it', async () => {
    const source = await at(0).launch(Probe);
    const endpoint = at(0).k2k.endpoint(source);
    expect(() => endpoint.relay('Tolled', 'x', 'Add')).toThrow("is it 'Told'?");
    expect(() => endpoint.relay('Told', '', 'Add')).toThrow(InvalidOptionError);
    const once = { dedupeId: 'x' } as object;
    expect(() => endpoint.relay('Told', 'x', 'Add', once)).toThrow(InvalidOptionError);
    const relay = endpoint.relay('Told', 'x', 'Add');
    await source.send('Fail', { code: 3 });
    await expect.poll(() => source.state).toBe('failed');
    await source.terminate();
    expect(await relay.ended).toMatchObject({ code: 'RK_KERNEL_FAILED' });
  });
});
