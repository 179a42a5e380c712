import { Ledger, Parrot } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const pubsub: CaseList = caseList('pubsub');

pubsub.add('wildcards: a kernel hears what its filter says', async (t) => {
  const runtime = await t.runtime();
  const { topics } = runtime;
  const ledgers = await runtime.launch(Ledger, { instances: 4 });
  const filters = ['house/*/heat', 'house/#', 'house/hall/heat', '*/hall'];
  const subscriptions = filters.map((filter, i) => {
    return topics.subscribeKernel(filter, ledgers.at(i), 'Enter', { qos: 1 });
  });
  const heard: number[] = [];
  for (const topic of ['house/hall/heat', 'house/attic/heat', 'house', 'shed/hall', 'shed']) {
    heard.push(await topics.publish(topic, { value: 10 }, { qos: 1 }));
  }
  t.equal(heard, [3, 2, 1, 1, 0], 'subscribers');
  await t.until('delivered', () => subscriptions.every(({ pending }) => pending === 0));
  await runtime.settled();
  const entries: number[] = [];
  for (let i = 0; i < 4; i++) entries.push((await ledgers.at(i).readState()).entries);
  t.equal(entries, [2, 3, 1, 1], 'entries');
});

pubsub.add('what is retained comes with the subscription', async (t) => {
  const runtime = await t.runtime();
  const ledger = await runtime.launch(Ledger);
  for (const value of [1, 2]) await runtime.topics.publish('a/b', { value }, { retain: true });
  await runtime.topics.publish('a/c', { value: 4 }, { retain: true });
  await runtime.topics.publish('a/c', { value: 8 });
  const subscription = runtime.topics.subscribeKernel('a/#', ledger, 'Enter');
  await t.until('both', () => subscription.delivered === 2);
  t.equal(await ledger.call('Read', {}), { entries: 2, sum: 6, last: 4 }, 'what it got');
});

pubsub.add('QoS 0: what finds no room is missed and counted', async (t) => {
  const runtime = await t.runtime();
  const ledger = await runtime.launch(Ledger, { queueCapacity: 2, autoActivate: false });
  const subscription = runtime.topics.subscribeKernel('t', ledger, 'Enter');
  for (let value = 1; value <= 5; value++) await runtime.topics.publish('t', { value });
  await t.until('all offered', () => subscription.delivered + subscription.dropped === 5);
  t.equal(subscription.dropped, 3, 'dropped');
  await ledger.activate();
  t.equal(await ledger.call('Read', {}), { entries: 2, sum: 3, last: 2 }, 'what it got');
});

pubsub.add('QoS 1: it is delivered again until there is room', async (t) => {
  const runtime = await t.runtime();
  const settings = { queueCapacity: 1, onFull: 'reject', autoActivate: false } as const;
  const ledger = await runtime.launch(Ledger, settings);
  const options = { qos: 1, retryMs: 1 } as const;
  const subscription = runtime.topics.subscribeKernel('t', ledger, 'Enter', options);
  for (let value = 1; value <= 5; value++) {
    await runtime.topics.publish('t', { value }, { qos: 1 });
  }
  await t.until('a delivery is repeated', () => subscription.redelivered > 1);
  t.equal(subscription.delivered, 1, 'delivered');
  await ledger.activate();
  await t.until('all', () => subscription.delivered === 5);
  await runtime.settled();
  t.equal(await ledger.readState(), { entries: 5, sum: 15, last: 5 }, 'what it got');
});

pubsub.add('QoS 2: published again under its id, it reaches nobody twice', async (t) => {
  const runtime = await t.runtime();
  const ledger = await runtime.launch(Ledger);
  const subscription = runtime.topics.subscribeKernel('t', ledger, 'Enter', { qos: 2 });
  for (const id of ['a', 'b', 'a', 'a', 'b', 'c']) {
    await runtime.topics.publish('t', { value: 1 }, { qos: 2, id });
  }
  await t.until('all', () => subscription.delivered === 3);
  t.equal(subscription.duplicates, 3, 'duplicates');
  await runtime.settled();
  t.equal((await ledger.readState()).entries, 3, 'entries');
});

pubsub.add('the events of one kernel fan out to others', async (t) => {
  const runtime = await t.runtime();
  const parrot = await runtime.launch(Parrot);
  const ledgers = await runtime.launch(Ledger, { instances: 3 });
  const subscriptions = [0, 1, 2].map((i) => {
    return runtime.topics.subscribeKernel('said', ledgers.at(i), 'Enter', { qos: 1 });
  });
  const events = runtime.topics.publishEvents(parrot, 'Said', 'said', { qos: 1 });
  for (let value = 1; value <= 20; value++) await parrot.send('Hear', { value });
  await t.until('all', () => subscriptions.every(({ delivered }) => delivered === 20));
  events.stop();
  for (let i = 0; i < 3; i++) {
    t.equal(
      await ledgers.at(i).call('Read', {}),
      { entries: 20, sum: 210, last: 20 },
      `ledger ${i}`,
    );
  }
});

pubsub.add('what a kernel was promised and can not get is a dead letter', async (t) => {
  const runtime = await t.runtime();
  const ledger = await runtime.launch(Ledger, { queueCapacity: 1, autoActivate: false });
  const subscription = runtime.topics.subscribeKernel('t', ledger, 'Enter', { qos: 1 });
  for (const value of [1, 2, 4]) await runtime.topics.publish('t', { value }, { qos: 1 });
  await t.until('one is in the mailbox', () => subscription.delivered === 1);
  await ledger.terminate({ timeoutMs: 0 });
  await subscription.ended;
  await t.until('all three', () => runtime.deadLetters.size === 3);
  const again = await runtime.launch(Ledger);
  t.equal(await runtime.deadLetters.replay(), { replayed: 3, failed: [] }, 'replay');
  const { entries, sum } = await again.call('Read', {});
  t.equal([entries, sum], [3, 7], 'what it got');
});
