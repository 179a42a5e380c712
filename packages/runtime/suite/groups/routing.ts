import type { K2KCallError, Receipt, Runtime } from '@ringkernel/runtime';
import { Brittle, Ledger, Pal, Parrot } from '../actors.ts';
import type { Bench } from '../bench.ts';
import { type CaseList, caseList } from '../case.ts';

export const routing: CaseList = caseList('routing');

const steps = ({ trace }: Receipt) => trace.map(({ node, step }) => `${step} ${node}`);

/** Runtimes in a row, each connected to the next. */
async function chain(t: Bench, length: number): Promise<Runtime[]> {
  const nodes: Runtime[] = [];
  for (let i = 0; i < length; i++) {
    const node = await t.runtime();
    nodes.at(-1)?.k2k.connect(node.k2k);
    nodes.push(node);
  }
  return nodes;
}

routing.add('a message goes by name over several runtimes, and its receipt says how', async (t) => {
  const [a, b, c] = (await chain(t, 3)) as [Runtime, Runtime, Runtime];
  a.k2k.addRoute('far/**', b.k2k);
  b.k2k.addRoute('far/**', c.k2k);
  const far = await c.launch(Ledger, { id: 'far/ledger', instances: 3 });
  const endpoint = a.k2k.endpoint(await a.launch(Parrot));
  const receipt = await endpoint.send({ name: 'far/ledger', instance: 2 }, 'Enter', { value: 9 });
  t.equal([receipt.status, receipt.hops], ['Delivered', 2], 'receipt');
  t.equal(steps(receipt), ['sent 1', 'forwarded 2', 'forwarded 3', 'delivered 3'], 'trace');
  t.equal(await far.at(2).call('Read', {}), { entries: 1, sum: 9, last: 9 }, 'state');
  t.equal(b.k2k.stats().forwarded, 1, 'forwarded by the middle one');
});

routing.add('MaxHopsExceeded: routes that lead in a circle', async (t) => {
  const [a, b] = (await chain(t, 2)) as [Runtime, Runtime];
  a.k2k.addRoute('lost', b.k2k);
  b.k2k.addRoute('lost', a.k2k);
  const endpoint = a.k2k.endpoint(await a.launch(Parrot));
  const receipt = await endpoint.send('lost', 'Hear', { value: 1 });
  t.equal([receipt.status, receipt.hops], ['MaxHopsExceeded', 8], 'receipt');
});

routing.add('whatever becomes of a message has its status', async (t) => {
  const runtime = await t.runtime();
  runtime.tenants.add('acme');
  const endpoint = runtime.k2k.endpoint(await runtime.launch(Parrot));
  const stopped = { autoActivate: false, queueCapacity: 1 };
  const waiting = await runtime.launch(Ledger, { id: 'waiting', ...stopped });
  const strict = await runtime.launch(Ledger, { id: 'strict', onFull: 'reject', ...stopped });
  const theirs = await runtime.launch(Ledger, { id: 'theirs', tenant: 'acme' });
  for (const to of [waiting, strict]) await endpoint.send(to, 'Enter', { value: 1 });
  const status = async (...[to, type, payload, options]: Parameters<typeof endpoint.send>) =>
    (await endpoint.send(to, type, payload, options)).status;
  const late = { deliveryTimeoutMs: 5 };
  const patient = { deliveryTimeoutMs: 60_000 };
  const undecided = endpoint.post(waiting, 'Enter', { value: 1 }, patient);
  t.equal(
    {
      nobody: await status('nobody', 'Enter', { value: 1 }),
      full: await status(strict, 'Enter', { value: 1 }),
      noRoom: await status(waiting, 'Enter', { value: 1 }, late),
      overdue: await status(waiting, 'Enter', { value: 1 }, { deadlineMs: 0 }),
      unknown: await status(waiting, 'Leave', { value: 1 }),
      misfit: await status(waiting, 'Enter', { value: -1.5 }),
      across: await status(theirs, 'Enter', { value: 1 }),
      undecided: runtime.k2k.receipt(undecided)?.status,
    },
    {
      nobody: 'NotFound',
      full: 'QueueFull',
      noRoom: 'Timeout',
      overdue: 'Expired',
      unknown: 'Invalid',
      misfit: 'Invalid',
      across: 'TenantMismatch',
      undecided: 'Pending',
    },
    'statuses',
  );
  for (const kernel of [waiting, strict]) await kernel.activate();
  await t.until('delivered', () => runtime.k2k.receipt(undecided)?.status === 'Delivered');
  await runtime.settled();
  t.equal(
    [waiting, strict].map((kernel) => kernel.metrics().handled),
    [2, 1],
    'handled',
  );
});

routing.add('the more urgent of those who wait for room goes first', async (t) => {
  const runtime = await t.runtime();
  const parrot = await runtime.launch(Parrot, { queueCapacity: 1, autoActivate: false });
  const endpoint = runtime.k2k.endpoint(parrot);
  const send = (value: number, priority: 'low' | 'normal' | 'critical') =>
    endpoint.send(parrot, 'Hear', { value }, { priority, deliveryTimeoutMs: 60_000 });
  await send(0, 'normal');
  const sends = [send(1, 'low'), send(2, 'normal'), send(3, 'critical'), send(4, 'critical')];
  t.equal(runtime.k2k.stats().pending, 4, 'pending');
  await parrot.activate();
  for (const { status } of await Promise.all(sends)) t.equal(status, 'Delivered', 'status');
  const said: number[] = [];
  for (let i = 0; i < 5; i++) said.push((await parrot.receive('Said')).value);
  t.equal(said, [0, 3, 4, 2, 1], 'order');
});

routing.add('the receiver knows the sender, and can answer it', async (t) => {
  const [a, b] = (await chain(t, 2)) as [Runtime, Runtime];
  b.k2k.addRoute('here', a.k2k);
  const callers = await a.launch(Pal, { id: 'callers', instances: 4 });
  const here = await a.launch(Pal, { id: 'here' });
  const far = await b.launch(Pal, { id: 'far' });
  const heard: unknown[] = [];
  for (const runtime of [a, b]) {
    const endpoint = runtime.k2k.endpoint(runtime === a ? callers.at(3) : far);
    await endpoint.send('here', 'Ping', { value: 5 });
    const { value, sender } = await here.receive('Heard');
    heard.push([value, sender]);
  }
  t.equal(
    heard,
    [
      [5, callers.at(3).address],
      [5, 0],
    ],
    'sender, which is 0 from another device',
  );
  await t.until('the answer', () => callers.metrics().handled === 1);
  t.equal((await callers.at(3).readState()).pongs, 5, 'answered');
  t.equal(far.metrics().sent, 0, 'answers across devices');
});

routing.add('a relay carries the events of one device to another, in order', async (t) => {
  const [a, b] = (await chain(t, 2)) as [Runtime, Runtime];
  a.k2k.addRoute('sink', b.k2k);
  const source = await a.launch(Parrot);
  const sink = await b.launch(Parrot, { id: 'sink', queueCapacity: 4 });
  const relay = a.k2k.endpoint(source).relay('Said', 'sink', 'Hear');
  const values = Array.from({ length: 60 }, (_, value) => value);
  for (const value of values) await source.send('Hear', { value });
  const said: number[] = [];
  for (const _ of values) said.push((await sink.receive('Said')).value);
  t.equal(said, values, 'what arrived');
  await t.until('all delivered', () => relay.delivered === values.length);
  await sink.terminate();
  await source.send('Hear', { value: 60 });
  await t.until('a dead letter', () => a.deadLetters.size === 1);
  t.equal(
    a.deadLetters.toArray().map(({ reason, payload }) => [reason, payload]),
    [['not-found', { value: 60 }]],
    'dead letters',
  );
});

routing.add('a call goes over several runtimes, and its reply comes back', async (t) => {
  const [a, b, c] = (await chain(t, 3)) as [Runtime, Runtime, Runtime];
  a.k2k.addRoute('far/**', b.k2k);
  b.k2k.addRoute('far/**', c.k2k);
  const far = await c.launch(Ledger, { id: 'far/ledger', instances: 2 });
  await c.launch(Brittle, { id: 'far/brittle' });
  await far.at(1).send('Enter', { value: 7 });
  await c.settled();
  const endpoint = a.k2k.endpoint(await a.launch(Parrot));
  const to = { name: 'far/ledger', instance: 1 };
  t.equal(await endpoint.call(to, 'Read', {}), { entries: 1, sum: 7, last: 7 }, 'reply');
  const refusal = (error: K2KCallError) => {
    const { code, receipt, cause } = error;
    return [code, receipt.status, receipt.hops, (cause as { code?: string }).code];
  };
  t.equal(
    await endpoint.call('far/brittle', 'Break', { code: 3 }).catch(refusal),
    ['RK_K2K_CALL', 'Delivered', 2, 'RK_HANDLER_FAULT'],
    'a handler that faults',
  );
  t.equal(
    await endpoint.call('far/away', 'Read', {}).catch(refusal),
    ['RK_K2K_CALL', 'NotFound', 2, 'RK_NAME_NOT_FOUND'],
    'nobody there',
  );
  t.equal(
    await endpoint.call(to, 'Enter', { value: 1 }).catch(refusal),
    ['RK_K2K_CALL', 'Invalid', 2, 'RK_INVALID_OPTION'],
    'no question',
  );
});

routing.add('a relay waits for the restart of a kernel that has failed', async (t) => {
  const runtime = await t.runtime();
  const source = await runtime.launch(Brittle);
  const sink = await runtime.launch(Ledger, { id: 'sink' });
  const relay = runtime.k2k.endpoint(source).relay('Said', sink, 'Enter');
  await source.send('Hear', { value: 1 });
  await source.call('Break', { code: 1 }).catch(() => {});
  await t.until('the first', () => relay.delivered === 1);
  await source.restart();
  await source.send('Hear', { value: 2 });
  await t.until('the second', () => relay.delivered === 2);
  await runtime.settled();
  t.equal(await sink.readState(), { entries: 2, sum: 3, last: 2 }, 'what came');
  await source.terminate();
  const { code } = (await relay.ended) as { code: string };
  t.equal(code, 'RK_KERNEL_TERMINATED', 'how it ended');
});
