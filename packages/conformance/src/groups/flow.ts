import { Collector, Echo, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const flow: CaseList = caseList('flow');

flow.async('reject: a full mailbox refuses the host', async (t) => {
  const kernel = await t.launch(Echo, { activate: false, queueCapacity: 4, onFull: 'reject' });
  const said = Array.from({ length: 10 }, (_, value) => kernel.tryInject(0, 'Say', { value }));
  equal(said, [...Array(4).fill('accepted'), ...Array(6).fill('full')], 'answers');
  kernel.device.refuse(6);
  await t.device.settled();
  equal(kernel.counters.rejected, 6, 'rejected');
  await kernel.device.activate();
  await t.device.settled();
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    [0, 1, 2, 3],
    'handled',
  );
});

flow.async('wait: room appears when the kernel runs', async (t) => {
  const kernel = await t.launch(Echo, { activate: false, queueCapacity: 4 });
  for (let value = 0; value < 4; value++) await kernel.inject(0, 'Say', { value });
  equal(kernel.tryInject(0, 'Say', { value: 4 }), 'full', 'the fifth');
  const room = kernel.device.room(0);
  await kernel.device.activate();
  await room;
  await kernel.inject(0, 'Say', { value: 4 });
  await t.device.settled();
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    [0, 1, 2, 3, 4],
    'handled',
  );
});

flow.async('drop-oldest: the newest stay, the oldest are dead letters', async (t) => {
  const kernel = await t.launch(Echo, { activate: false, queueCapacity: 4, onFull: 'drop-oldest' });
  for (let value = 0; value < 10; value++) {
    equal(kernel.tryInject(0, 'Say', { value }), 'accepted', `message ${value}`);
  }
  await t.device.settled();
  equal(
    kernel.letters.map((l) => [l.reason, l.fields.value]),
    [0, 1, 2, 3, 4, 5].map((value) => ['queue-full', value]),
    'dropped',
  );
  await kernel.device.activate();
  await t.device.settled();
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    [6, 7, 8, 9],
    'handled',
  );
});

flow.async('what is on its way to a mailbox counts while others end', async (t) => {
  const full = await t.launch(Echo, { activate: false, queueCapacity: 1, onFull: 'reject' });
  const guests = await t.launch(Echo, { instances: 2 });
  const other = await t.launch(Echo);
  equal(full.tryInject(0, 'Say', { value: 1 }), 'accepted', 'the first');
  await guests.device.retire(0);
  equal(full.tryInject(0, 'Say', { value: 2 }), 'full', 'when an instance was retired');
  await other.device.terminate(0);
  equal(full.tryInject(0, 'Say', { value: 3 }), 'full', 'when a kernel has ended');
  await t.device.settled();
  equal(full.tryInject(0, 'Say', { value: 4 }), 'full', 'when all is settled');
  full.device.refuse(3);
});

flow.async('a full instance does not hold its neighbours back', async (t) => {
  const kernel = await t.launch(Echo, {
    activate: false,
    instances: 2,
    queueCapacity: 2,
    onFull: 'reject',
  });
  for (let i = 0; i < 3; i++) kernel.tryInject(0, 'Say', { value: i });
  equal(kernel.tryInject(1, 'Say', { value: 9 }), 'accepted', 'the neighbour');
});

flow.async('twice as many senders as slots: no deadlock, nothing lost', async (t) => {
  const collector = await t.launch(Collector, { queueCapacity: 16 });
  const sources = await t.launch(Source, { instances: 32, queueCapacity: 16 });
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 32; i++)
      await sources.inject(i, 'Burst', { target: collector.address, count: 5 });
  }
  await t.device.settled();
  const { got, wrong } = await collector.call(0, 'Report');
  equal([got, wrong], [3_200, 0], 'arrived, out of order');
});

for (const onFull of ['wait', 'reject', 'drop-oldest'] as const) {
  flow.lockstep(`${onFull}: actors flood a stopped kernel`, async (t) => {
    const collector = await t.launch(Collector, { queueCapacity: 10, onFull, activate: false });
    const sources = await t.launch(Source, { instances: 8 });
    for (let i = 0; i < 8; i++)
      await sources.inject(i, 'Burst', { target: collector.address, count: 3 });
    await t.step(3);
    for (let i = 0; i < 8; i++)
      await sources.inject(i, 'Burst', { target: collector.address, count: 1 });
    await t.step(2);
    await collector.device.activate();
    await t.step(5);
    equal(collector.counters.pending, 0, 'pending');
  });

  flow.async(`${onFull}: actors flood a stopped kernel, as fast as it goes`, async (t) => {
    const collector = await t.launch(Collector, { queueCapacity: 10, onFull, activate: false });
    const sources = await t.launch(Source);
    await sources.inject(0, 'Burst', { target: collector.address, count: 25 });
    await t.device.settled();
    const { pending, parked, deadLettered } = collector.counters;
    const waits = onFull === 'wait';
    equal([pending, parked], [waits ? 25 : 10, waits ? 15 : 0], 'pending, parked');
    equal(deadLettered['queue-full'], waits ? 0 : 15, 'dead letters');
    await collector.device.activate();
    await t.device.settled();
    equal(collector.counters.handled, waits ? 25 : 10, 'handled');
  });
}
