import { actor, u32 } from '@ringkernel/core';
import { Collector, Echo, Relay, Ring, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const k2k: CaseList = caseList('k2k');

/** Each message becomes two, down to depth 0: bursts that no small queue holds. */
const Tree = actor('Tree', {
  state: { seen: u32, leaves: u32 },
  messages: { Grow: { depth: u32 } },
  on: {
    Grow(ctx, m) {
      ctx.state.seen += 1;
      if (m.depth > 0) {
        ctx.send(ctx.at((ctx.index * 2 + 1) % ctx.instances), 'Grow', { depth: m.depth - 1 });
        ctx.send(ctx.at((ctx.index * 2 + 2) % ctx.instances), 'Grow', { depth: m.depth - 1 });
      } else ctx.state.leaves += 1;
    },
  },
});

k2k.async('a token goes round without the host', async (t) => {
  const ring = await t.launch(Ring, { instances: 100 });
  await ring.inject(0, 'Token', { hops: 10_000, value: 1 });
  await t.device.settled();
  equal(ring.emits('Done').length, 1, 'done');
  equal(ring.counters.handled, 10_001, 'handled');
  equal(ring.counters.sent, 10_001, 'sent');
});

k2k.async('kernels of different kinds talk', async (t) => {
  const echo = await t.launch(Echo);
  const relay = await t.launch(Relay, { instances: 3 });
  for (let i = 0; i < 3; i++) await relay.inject(i, 'Wire', { to: echo.address });
  for (let i = 0; i < 300; i++) await relay.inject(i % 3, 'Pass', { value: i });
  await t.device.settled();
  const values = echo.emits('Said').map((m) => m.fields.value as number);
  equal(
    values.toSorted((a, b) => a - b),
    Array.from({ length: 300 }, (_, i) => i),
    'passed on',
  );
});

k2k.async('a burst far beyond every queue loses nothing', async (t) => {
  const tree = await t.launch(Tree, { instances: 255, queueCapacity: 16 });
  await tree.inject(0, 'Grow', { depth: 15 });
  await t.device.settled();
  equal(tree.counters.handled, 2 ** 16 - 1, 'handled');
  let leaves = 0;
  for (let i = 0; i < 255; i++) leaves += (await tree.state(i)).leaves as number;
  equal(leaves, 2 ** 15, 'leaves');
});

k2k.async('a message to nobody is a dead letter of its sender', async (t) => {
  const relay = await t.launch(Relay);
  await relay.inject(0, 'Wire', { to: 640_000 });
  await relay.inject(0, 'Pass', { value: 5 });
  await t.device.settled();
  equal(
    relay.letters.map((l) => [l.reason, l.destination]),
    [['not-found', 640_000]],
    'dead letters',
  );
});

k2k.async('a message to an ended kernel is a dead letter', async (t) => {
  const echo = await t.launch(Echo);
  const relay = await t.launch(Relay);
  await relay.inject(0, 'Wire', { to: echo.address });
  await t.device.settled();
  await echo.device.terminate(1_000);
  await relay.inject(0, 'Pass', { value: 5 });
  await t.device.settled();
  equal(
    relay.letters.map((l) => l.reason),
    ['not-found'],
    'dead letters',
  );
});

k2k.async('a message of a type the receiver does not know is a dead letter', async (t) => {
  const ring = await t.launch(Ring);
  const relay = await t.launch(Relay);
  await relay.inject(0, 'Wire', { to: ring.address });
  await relay.inject(0, 'Pass', { value: 5 });
  await t.device.settled();
  equal(
    ring.letters.map((l) => [l.reason, l.source]),
    [['invalid', relay.address]],
    'dead letters',
  );
});

k2k.lockstep('a ring in rounds: state, random draws and the result', async (t) => {
  const ring = await t.launch(Ring, { instances: 70 });
  await ring.inject(3, 'Token', { hops: 150, value: 99 });
  await ring.inject(40, 'Token', { hops: 90, value: 7 });
  await t.step(152);
  equal(ring.emits('Done').length, 2, 'done');
});

k2k.lockstep('a growing tree in rounds', async (t) => {
  const tree = await t.launch(Tree, { instances: 31 });
  await tree.inject(0, 'Grow', { depth: 9 });
  await t.step(11);
  equal(tree.counters.handled, 1_023, 'handled');
});

k2k.lockstep('kernels of several kinds in one round', async (t) => {
  const collector = await t.launch(Collector);
  const echo = await t.launch(Echo, { instances: 2 });
  const sources = await t.launch(Source, { instances: 10 });
  const relay = await t.launch(Relay, { instances: 2 });
  await relay.inject(0, 'Wire', { to: echo.address + 1 });
  await relay.inject(1, 'Wire', { to: echo.address });
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 10; i++)
      await sources.inject(i, 'Burst', { target: collector.address, count: 2 });
    for (let i = 0; i < 6; i++) await relay.inject(i % 2, 'Pass', { value: round * 10 + i });
    await t.step();
  }
  await t.step(2);
});

k2k.async(
  'dedicated: actors that only wait for their own messages talk to others, in order',
  async (t) => {
    const collectors = await t.launch(Collector, { instances: 2, dedicated: true });
    const sources = await t.launch(Source, { instances: 4 });
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 4; i++) {
        await sources.inject(i, 'Burst', { target: collectors.address + (i & 1), count: 40 });
      }
    }
    await t.device.settled();
    for (let i = 0; i < 2; i++) {
      const { got, wrong } = (await collectors.call(i, 'Report')) as Record<string, unknown>;
      equal([got, wrong], [400, 0], `got and wrong of collector ${i}`);
    }
  },
  ['dedicated'],
);
