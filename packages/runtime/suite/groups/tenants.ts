import { Courier, Ledger, Parrot } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const tenants: CaseList = caseList('tenants');

tenants.add('what is sent across is refused, counted and written down', async (t) => {
  const runtime = await t.runtime();
  for (const name of ['a', 'b']) runtime.tenants.add(name);
  const ours = await runtime.launch(Parrot, { id: 'ours', tenant: 'a' });
  const also = await runtime.launch(Ledger, { id: 'also', tenant: 'a' });
  const theirs = await runtime.launch(Ledger, { id: 'theirs', tenant: 'b' });
  const endpoint = runtime.k2k.endpoint(ours);
  const across = await endpoint.send(theirs, 'Enter', { value: 1 });
  const within = await endpoint.send(also, 'Enter', { value: 1 });
  t.equal([across.status, within.status], ['TenantMismatch', 'Delivered'], 'statuses');
  for (const ledger of [also, theirs]) runtime.topics.subscribeKernel('t', ledger, 'Enter');
  const events = runtime.topics.publishEvents(ours, 'Said', 't');
  await ours.send('Hear', { value: 2 });
  await t.until('published', () => events.delivered === 1);
  await t.until('heard', () => also.metrics().handled === 2);
  t.equal(theirs.metrics().sent, 0, 'sent across');
  t.equal(runtime.tenants.refused, 2, 'refused');
  t.equal(
    runtime.tenants.audit().map(({ from, to, via }) => [from.kernelId, to?.kernelId, via]),
    [
      ['ours', 'theirs', 'k2k'],
      ['ours', 'theirs', 'topics'],
    ],
    'audit',
  );
});

tenants.add('so is what an actor sends to an address on its own device', async (t) => {
  const runtime = await t.runtime();
  for (const name of ['a', 'b']) runtime.tenants.add(name);
  const courier = await runtime.launch(Courier, { id: 'courier', tenant: 'a' });
  const ledgers = [];
  for (const [id, tenant] of Object.entries({ ours: 'a', theirs: 'b', nobodys: undefined })) {
    ledgers.push(await runtime.launch(Ledger, { id, ...(tenant !== undefined && { tenant }) }));
  }
  for (const [i, { address }] of ledgers.entries()) {
    await courier.send('Bring', { to: address, value: i + 1 });
  }
  await runtime.settled();
  t.equal(
    ledgers.map((ledger) => [ledger.metrics().sent, ledger.metrics().handled]),
    [
      [1, 1],
      [0, 0],
      [0, 0],
    ],
    'sent and handled',
  );
  t.equal(
    runtime.tenants
      .audit()
      .map(({ from, to, via }) => [from.kernelId, from.tenant, to?.kernelId, via]),
    [
      ['courier', 'a', 'theirs', 'device'],
      ['courier', 'a', 'nobodys', 'device'],
    ],
    'audit',
  );
  t.equal(runtime.tenants.refused, 2, 'refused');
  t.equal(courier.metrics().deadLettered['tenant-mismatch'], 2, 'counted');
  t.equal(
    runtime.deadLetters.toArray().map((l) => [l.reason, l.kernelId, l.instance, l.destination]),
    ledgers.slice(1).map(({ address }) => ['tenant-mismatch', 'courier', undefined, address]),
    'dead letters',
  );
  const { replayed } = await runtime.deadLetters.replay();
  t.equal(replayed, 0, 'what was refused is not sent again by the host');
});

tenants.add('quotas of kernels and memory bind at the launch', async (t) => {
  const runtime = await t.runtime();
  const launch = (id: string, tenant: string) => runtime.launch(Ledger, { id, tenant });
  const code = (error: { code: string; quota: string }) => [error.code, error.quota];
  runtime.tenants.add('few', { maxKernels: 1 });
  const first = await launch('first', 'few');
  t.equal(
    await launch('second', 'few').catch(code),
    ['RK_QUOTA_EXCEEDED', 'maxKernels'],
    'one more',
  );
  const { memoryBytes } = first.metrics();
  t.ok(memoryBytes > 0, 'a kernel takes memory');
  t.equal(runtime.tenants.usage('few').memoryBytes, memoryBytes, 'memory of the tenant');
  runtime.tenants.add('small', { maxMemoryBytes: memoryBytes });
  await launch('third', 'small');
  t.equal(
    await launch('fourth', 'small').catch(code),
    ['RK_QUOTA_EXCEEDED', 'maxMemoryBytes'],
    'too much memory',
  );
  t.equal(runtime.kernelIds, ['first', 'third'], 'kernels');
  await first.terminate();
  await launch('second', 'few');
});

tenants.add('messages per second, over all kernels of a tenant', async (t) => {
  const runtime = await t.runtime({ schedule: 'lockstep' });
  runtime.tenants.add('slow', { messagesPerSecond: 3 });
  const a = await runtime.launch(Ledger, { id: 'a', tenant: 'slow' });
  const b = await runtime.launch(Ledger, { id: 'b', tenant: 'slow' });
  const taken = () => [a, b, a, b, a].map((to) => to.trySend('Enter', { value: 1 }));
  t.equal(taken(), [true, true, true, false, false], 'taken');
  await runtime.step(999);
  t.equal(taken(), Array(5).fill(false), 'within the second');
  await runtime.step(1);
  t.equal(taken(), [true, true, true, false, false], 'after it');
  await runtime.step(1);
  t.equal(
    [a, b].map((k) => k.metrics().handled),
    [4, 2],
    'handled',
  );
});

tenants.add('what its actors send each other uses up what the host may send', async (t) => {
  const runtime = await t.runtime({ schedule: 'lockstep' });
  runtime.tenants.add('busy', { messagesPerSecond: 5 });
  const courier = await runtime.launch(Courier, { tenant: 'busy' });
  const ledger = await runtime.launch(Ledger, { tenant: 'busy' });
  for (const value of [1, 2]) await courier.send('Bring', { to: ledger.address, value });
  await runtime.step(10);
  t.equal(ledger.metrics().handled, 2, 'handled');
  const taken = () => [3, 4].map((value) => ledger.trySend('Enter', { value }));
  t.equal(taken(), [true, false], 'two of the host, two of the courier, one more');
  await runtime.step(989);
  t.equal(taken(), [false, false], 'within the second');
  await runtime.step(1);
  t.equal(taken(), [true, true], 'those of the host are a second old, the others are not');
  t.equal(taken(), [false, false], 'of five');
});

tenants.add('an engagement uses up its budget of messages', async (t) => {
  const runtime = await t.runtime({ schedule: 'lockstep' });
  const { tenants: owners } = runtime;
  owners.add('acme');
  owners.engage('acme', 'audit', { maxMessages: 5 });
  const settings = { tenant: 'acme', engagement: 'audit' };
  const courier = await runtime.launch(Courier, settings);
  const ledger = await runtime.launch(Ledger, settings);
  for (const value of [1, 2]) await courier.send('Bring', { to: ledger.address, value });
  await runtime.step(10);
  const taken = () => [3, 4].map((value) => ledger.trySend('Enter', { value }));
  t.equal(taken(), [true, false], 'two of the host, two of the courier, one more');
  await runtime.step(2_000);
  t.equal(taken(), [false, false], 'time gives nothing back');
  t.equal(owners.usage('acme').engagements.audit?.messages, 5, 'used');
  owners.engage('acme', 'audit', { maxMessages: 6 });
  t.equal(taken(), [true, false], 'another budget');
});

tenants.add('what a mailbox refuses uses up no budget', async (t) => {
  const runtime = await t.runtime();
  const { tenants: owners } = runtime;
  owners.add('acme');
  owners.engage('acme', 'audit', { maxMessages: 3 });
  const settings = { tenant: 'acme', engagement: 'audit', queueCapacity: 1, autoActivate: false };
  const ledger = await runtime.launch(Ledger, { ...settings, onFull: 'reject' });
  const line = await runtime.launch(Ledger, { ...settings, id: 'line' });
  const taken = Array.from({ length: 10 }, (_, value) => ledger.trySend('Enter', { value }));
  t.equal(taken, [true, ...Array(9).fill(false)], 'taken by a full mailbox');
  await line.send('Enter', { value: 1 });
  const waits = line.send('Enter', { value: 2 }, { timeoutMs: 60_000 });
  const over = await line
    .send('Enter', { value: 3 }, { timeoutMs: 60_000 })
    .catch((error) => error.code);
  t.equal(over, 'RK_QUOTA_EXCEEDED', 'one more than three, of which one waits for room');
  t.equal(owners.usage('acme').engagements.audit?.messages, 3, 'used');
  await line.activate();
  await waits;
});
