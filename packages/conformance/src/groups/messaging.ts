import { deadlineAt, type MessageDescriptor } from '@ringkernel/core';
import { Counter, Echo } from '../actors.ts';
import { equal, ok } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const messaging: CaseList = caseList('messaging');

messaging.async('a request is answered', async (t) => {
  const kernel = await t.launch(Counter);
  await kernel.inject(0, 'Add', { by: 5 });
  equal(await kernel.call(0, 'Get'), { count: 1, total: 5n, low: 0 }, 'reply');
});

messaging.async('a thousand requests of mixed priority each get their own answer', async (t) => {
  const kernel = await t.launch(Echo, { instances: 7 });
  const calls = Array.from({ length: 1_000 }, (_, i) =>
    kernel.call(i % 7, 'Ask', { value: i }, { priority: (i * 7) % 4 }),
  );
  const replies = await Promise.all(calls);
  const wrong = replies.filter((r, i) => r.value !== i || r.self !== kernel.address + (i % 7));
  equal(wrong.length, 0, 'mismatches');
});

messaging.async('a payload that can not be written is not sent', async (t) => {
  const kernel = await t.launch(Echo);
  const [say] = kernel.image.messages.filter(({ name }) => name === 'Say') as [MessageDescriptor];
  const none = { correlationLow: 0, correlationHigh: 0, wantsReply: false, deadlineMs: 0 };
  const broken = (): void => {
    throw new RangeError('no payload');
  };
  let thrown = 0;
  for (let value = 0; value < 100; value++) {
    try {
      kernel.device.inject(0, say, broken, null, { priority: value & 3, ...none });
    } catch (error) {
      if (error instanceof RangeError) thrown++;
    }
    await kernel.inject(0, 'Say', { value });
  }
  equal(thrown, 100, 'what the writer threw, thrown by inject');
  await t.device.settled();
  const said = kernel.emits('Said').map((m) => m.fields.value);
  equal(
    said,
    Array.from({ length: 100 }, (_, i) => i),
    'said',
  );
  equal(kernel.counters.sent, 100, 'sent');
  kernel.checkCounters();
});

messaging.async('emits reach the host with sender, stamp and id', async (t) => {
  const kernel = await t.launch(Echo, { instances: 4 });
  for (let i = 0; i < 40; i++) await kernel.inject(i % 4, 'Say', { value: i });
  await t.device.settled();
  const said = kernel.emits('Said');
  equal(said.length, 40, 'emits');
  equal(new Set(said.map((m) => m.id)).size, 40, 'distinct message ids');
  const stamps = said.map((m) => `${m.stamp.physical}.${m.stamp.logical}.${m.stamp.node}`);
  equal(new Set(stamps).size, 40, 'distinct stamps');
  equal([...new Set(said.map((m) => m.instance))].sort(), [0, 1, 2, 3], 'senders');
});

messaging.async('stamps of one actor grow', async (t) => {
  const kernel = await t.launch(Echo);
  for (let i = 0; i < 300; i++) await kernel.inject(0, 'Say', { value: i });
  await t.device.settled();
  const stamps = kernel.emits('Said').map((m) => m.stamp);
  for (let i = 1; i < stamps.length; i++) {
    const [a, b] = [stamps[i - 1], stamps[i]] as [(typeof stamps)[0], (typeof stamps)[0]];
    const later = b.physical > a.physical || (b.physical === a.physical && b.logical > a.logical);
    ok(later, `stamp ${i} is not after the one before`);
  }
});

messaging.async('stamps stay near the wall clock', async (t) => {
  const kernel = await t.launch(Echo);
  const startedMs = Date.now();
  for (let i = 0; i < 100; i++) await kernel.call(0, 'Ask', { value: i });
  await kernel.inject(0, 'Say', { value: 0 });
  await t.device.settled();
  const stampMs = (kernel.emits('Said')[0]?.stamp.physical ?? 0) / 1_000;
  ok(stampMs > startedMs - 1_000, `stamped ${startedMs - stampMs} ms before the first message`);
  ok(stampMs < Date.now() + 1_000, `stamped ${stampMs - Date.now()} ms ahead of the wall clock`);
});

messaging.lockstep('an empty message, a reply nobody asked for', async (t) => {
  const kernel = await t.launch(Counter);
  await kernel.inject(0, 'Get', {});
  await kernel.inject(0, 'Get', {}, { wantsReply: true, correlationLow: 7 });
  await t.step(2);
  equal(
    kernel.out.map((m) => m.correlation),
    [7],
    'replies',
  );
  equal(
    kernel.letters.map((l) => l.reason),
    ['no-reply-expected'],
    'dead letters',
  );
});

messaging.lockstep(
  'a message past its deadline is a dead letter, one before it is handled',
  async (t) => {
    const kernel = await t.launch(Echo);
    await t.step(5);
    await kernel.inject(0, 'Say', { value: 1 }, { deadlineMs: 5 });
    await kernel.inject(0, 'Say', { value: 2 }, { deadlineMs: 6 });
    await kernel.inject(0, 'Say', { value: 3 });
    await t.step();
    equal(
      kernel.emits('Said').map((m) => m.fields.value),
      [2, 3],
      'handled',
    );
    equal(
      kernel.letters.map((l) => [l.reason, l.fields.value]),
      [['expired', 1]],
      'expired',
    );
  },
);

messaging.async('deadlines count from long ago: they wrap', async (t) => {
  const kernel = await t.launch(Echo);
  // The device was opened without an epoch, so since 1970.
  await kernel.inject(0, 'Say', { value: 1 }, { deadlineMs: deadlineAt(0, Date.now() - 60_000) });
  await kernel.inject(0, 'Say', { value: 2 }, { deadlineMs: deadlineAt(0, Date.now() + 600_000) });
  await t.device.settled();
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    [2],
    'handled',
  );
  equal(
    kernel.letters.map((l) => [l.reason, l.fields.value]),
    [['expired', 1]],
    'expired',
  );
});

messaging.async('a correlation comes back whole', async (t) => {
  const kernel = await t.launch(Echo);
  const correlation = {
    correlationLow: 0xfedc_ba98,
    correlationHigh: 0x7654_3210,
    wantsReply: true,
  };
  await kernel.inject(0, 'Ask', { value: 1 }, correlation);
  await t.device.settled();
  equal(
    kernel.out.map((m) => m.correlation),
    [0xfedc_ba98],
    'correlation',
  );
});
