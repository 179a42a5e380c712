import { actor, ask, codecOf, ref, u32 } from '@ringkernel/core';
import { Collector, Counter, Echo, Fragile, Ring, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';
import type { Fields, TestKernel } from '../harness.ts';

export const instances: CaseList = caseList('instances');

/** Has a number from its birth, and counts what was meant for somebody else. */
const Guest = actor('Guest', {
  state: { number: u32, got: u32, strange: u32 },
  messages: { Greet: { number: u32 } },
  on: {
    Greet(ctx, m) {
      ctx.state.got += 1;
      if (m.number !== ctx.state.number) ctx.state.strange += 1;
    },
  },
});

/** Greets a guest many times, then says so. */
const Host = actor('Host', {
  state: { greeted: u32 },
  messages: { Welcome: ask({ guest: ref(() => Guest), number: u32, count: u32 }, {}) },
  on: {
    Welcome(ctx, m) {
      for (let i = 0; i < m.count; i++) ctx.send(m.guest, 'Greet', { number: m.number });
      ctx.state.greeted += m.count;
      ctx.reply({});
    },
  },
});

function stateOf(kernel: TestKernel, fields: Fields): Uint8Array {
  const codec = codecOf(kernel.image.state);
  const bytes = new Uint8Array(codec.size);
  codec.encode(new DataView(bytes.buffer), 0, fields);
  return bytes;
}

/** Reasons, names and destinations of dead letters. */
function lettersOf({ letters, address }: TestKernel): unknown[] {
  return letters.map((l) => [l.reason, l.name, l.destination - address]);
}

instances.lockstep('an instance begins with the state that is given, or zeros', async (t) => {
  const kernel = await t.launch(Counter, { instances: 4, living: 1 });
  await kernel.device.spawn(3, null);
  await kernel.device.spawn(1, stateOf(kernel, { count: 7, total: 70n, low: -7 }));
  for (const i of [0, 1, 3]) await kernel.inject(i, 'Add', { by: 5 });
  await t.step();
  equal(await kernel.state(0), { count: 1, total: 5n, low: 0 }, 'the one of the launch');
  equal(await kernel.state(1), { count: 8, total: 75n, low: -7 }, 'the one with a state');
  equal(await kernel.state(3), { count: 1, total: 5n, low: 0 }, 'the one without');
});

instances.lockstep('a kernel may begin with nobody', async (t) => {
  const kernel = await t.launch(Echo, { instances: 2, living: 0 });
  equal(kernel.tryInject(0, 'Say', { value: 1 }), 'closed', 'inject to nobody');
  await t.step();
  await kernel.device.spawn(1, null);
  await kernel.inject(1, 'Say', { value: 2 });
  await t.step();
  equal(
    kernel.emits('Said').map((m) => [m.instance, m.fields.value]),
    [[1, 2]],
    'said',
  );
});

instances.lockstep('what is sent where nobody lives becomes dead letters', async (t) => {
  const collector = await t.launch(Collector, { instances: 3, living: 1 });
  const source = await t.launch(Source, { instances: 2 });
  for (const i of [1, 0]) {
    await source.inject(i, 'Burst', { target: collector.address + 2, count: 2 });
  }
  await t.step(2);
  equal(
    collector.letters.map((l) => [l.reason, l.source - source.address, l.fields.number]),
    [
      ['terminated', 0, 0],
      ['terminated', 0, 1],
      ['terminated', 1, 0],
      ['terminated', 1, 1],
    ],
    'letters',
  );
});

instances.lockstep('retire buries what waits, what is parked, what is on its way', async (t) => {
  const collector = await t.launch(Collector, { instances: 2, queueCapacity: 3, activate: false });
  const source = await t.launch(Source);
  await collector.inject(1, 'Item', { sender: 60, number: 1 });
  await collector.inject(1, 'Item', { sender: 61, number: 1 }, { priority: 3 });
  await source.inject(0, 'Burst', { target: collector.address + 1, count: 4 });
  await t.step(2);
  await source.inject(0, 'Burst', { target: collector.address + 1, count: 2 });
  await source.inject(0, 'Burst', { target: collector.address, count: 1 });
  await t.step();
  await collector.device.retire(1);
  equal(
    collector.letters.map((l) => [l.reason, l.fields.sender, l.fields.number]),
    [
      ['terminated', 61, 1],
      ['terminated', 60, 1],
      ...[0, 1, 2, 3, 4, 5].map((number) => ['terminated', 0, number]),
    ],
    'letters',
  );
  await collector.device.activate();
  await t.step();
  equal((await collector.state(0)).got, 1, 'the neighbour');
  equal(collector.counters.pending, 0, 'pending');
});

instances.lockstep('a new instance gets nothing of the one before it', async (t) => {
  const guest = await t.launch(Guest, { instances: 2, queueCapacity: 2 });
  const host = await t.launch(Host, { instances: 2 });
  for (let number = 0; number < 3; number++) {
    for (const i of [0, 1]) {
      await host.inject(i, 'Welcome', { guest: guest.address + 1, number, count: 3 });
    }
    await t.step();
    await guest.inject(1, 'Greet', { number });
    await guest.device.retire(1);
    await guest.device.spawn(1, stateOf(guest, { number: number + 1, got: 0, strange: 0 }));
    await t.step();
    equal(await guest.state(1), { number: number + 1, got: 0, strange: 0 }, 'the new one');
  }
  equal(guest.letters.length, 21, 'letters');
});

instances.lockstep('what was sent before an instance began is not for it', async (t) => {
  const guest = await t.launch(Guest, { instances: 2, living: 1 });
  const host = await t.launch(Host);
  await host.inject(0, 'Welcome', { guest: guest.address + 1, number: 0, count: 2 });
  await t.step();
  await guest.device.spawn(1, null);
  await t.step();
  equal((await guest.state(1)).got, 0, 'got');
  equal(lettersOf(guest), Array(2).fill(['terminated', 'Greet', 1]), 'letters');
});

instances.lockstep('its random sequence begins anew', async (t) => {
  const ring = await t.launch(Ring, { instances: 2 });
  await ring.inject(1, 'Token', { hops: 0, value: 3 });
  await t.step();
  const before = await ring.state(1);
  await ring.device.retire(1);
  await ring.device.spawn(1, null);
  await ring.inject(1, 'Token', { hops: 0, value: 3 });
  await t.step();
  equal(await ring.state(1), before, 'state of the second');
});

instances.lockstep('a failed instance is replaced by a new one', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 3, living: 1, onFailure: 'dead-letter' });
  await kernel.inject(0, 'Fail', { code: 1 });
  await t.step();
  equal(kernel.device.state, 'failed', 'the kernel, when all that live have failed');
  await kernel.device.spawn(2, null);
  equal(kernel.device.state, 'active', 'the kernel with a new instance');
  await kernel.device.retire(0);
  await kernel.device.spawn(0, null);
  for (const i of [0, 2]) await kernel.inject(i, 'Work');
  await t.step();
  equal((await kernel.state(0)).handled, 1, 'in its place');
  equal((await kernel.state(2)).handled, 1, 'beside it');
});

instances.lockstep('what a failed instance kept is buried with it', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, onFailure: 'wait' });
  await kernel.inject(1, 'Fail', { code: 1 }, { priority: 3 });
  for (let i = 0; i < 3; i++) await kernel.inject(1, 'Work');
  await t.step();
  await kernel.device.retire(1);
  equal(lettersOf(kernel), Array(3).fill(['terminated', 'Work', 1]), 'letters');
  await kernel.device.spawn(1, null);
  await kernel.inject(1, 'Work');
  await t.step();
  equal((await kernel.state(1)).handled, 1, 'handled by the new one');
});

instances.async('a full mailbox is empty for the next instance', async (t) => {
  const kernel = await t.launch(Echo, { instances: 2, queueCapacity: 4, activate: false });
  for (let life = 0; life < 3; life++) {
    for (let value = 0; value < 4; value++) {
      equal(kernel.tryInject(1, 'Say', { value }), 'accepted', 'inject');
    }
    await t.device.settled();
    equal(kernel.tryInject(1, 'Say', { value: 4 }), 'full', 'inject into the full mailbox');
    await kernel.device.retire(1);
    await kernel.device.spawn(1, null);
  }
  await t.device.settled();
  equal(kernel.letters.length, 12, 'letters');
});

instances.lockstep('what never arrived takes no room from the next instance', async (t) => {
  const kernel = await t.launch(Echo, { instances: 3, queueCapacity: 2 });
  for (const i of [1, 2]) {
    for (const value of [0, 1]) await kernel.inject(i, 'Say', { value });
  }
  await kernel.device.retire(1);
  await kernel.device.spawn(1, null);
  equal(kernel.tryInject(2, 'Say', { value: 2 }), 'full', 'inject beside it');
  for (const value of [2, 3]) {
    equal(kernel.tryInject(1, 'Say', { value }), 'accepted', 'inject to the new one');
  }
  equal(kernel.tryInject(1, 'Say', { value: 4 }), 'full', 'one too many');
  await t.step();
  equal(kernel.tryInject(1, 'Say', { value: 5 }), 'accepted', 'inject after the round');
  await t.step();
  equal(
    kernel.emits('Said').map((m) => [m.instance, m.fields.value]),
    [
      [1, 2],
      [1, 3],
      [2, 0],
      [2, 1],
      [1, 5],
    ],
    'said',
  );
});

instances.async('only one begins where two are asked for at once', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, living: 1, onFailure: 'dead-letter' });
  const { device } = kernel;
  const done = await Promise.allSettled([device.spawn(1, null), device.spawn(1, null)]);
  const [first, second] = done.map((one) =>
    one.status === 'fulfilled' ? 'done' : one.reason.code,
  );
  equal([first, second], ['done', 'RK_INVALID_OPTION'], 'what became of them');
  for (const i of [0, 1]) await kernel.inject(i, 'Fail', { code: 1 });
  await t.device.settled();
  equal(device.state, 'failed', 'the kernel, when both instances have failed');
});

instances.async('many come and go while another one works', async (t) => {
  const kernel = await t.launch(Echo, { instances: 8, living: 1 });
  for (let i = 0; i < 40; i++) {
    const index = 1 + (i % 7);
    for (let value = 0; value < 20; value++) await kernel.inject(0, 'Say', { value });
    await kernel.device.spawn(index, null);
    const reply = await kernel.call(index, 'Ask', { value: i });
    equal(reply, { value: i, self: kernel.address + index }, 'reply');
    await kernel.device.retire(index);
  }
  await t.device.settled();
  equal(kernel.emits('Said').length, 800, 'said by the one that stayed');
  equal(kernel.counters.handled, 840, 'handled');
});

instances.async('under fire, nobody gets what was sent to the one before', async (t) => {
  const guest = await t.launch(Guest, { instances: 3, living: 0, queueCapacity: 4_096 });
  const hosts = await t.launch(Host, { instances: 4 });
  let got = 0;
  let sent = 0;
  for (let number = 1; number <= 12; number++) {
    await guest.device.spawn(1, stateOf(guest, { number, got: 0, strange: 0 }));
    const welcome = { guest: guest.address + 1, number, count: 50 };
    const calls = [0, 1, 2, 3].map((i) => hosts.call(i, 'Welcome', welcome));
    for (let i = 0; i < 20; i++) await guest.inject(1, 'Greet', { number });
    await Promise.all(calls); // all is sent, and some of it has not arrived
    sent += 220;
    await guest.device.retire(1);
    const last = await guest.state(1);
    equal([last.number, last.strange], [number, 0], 'the guest when it left');
    got += last.got as number;
  }
  await t.device.settled();
  equal(guest.counters.sent, sent, 'sent');
  equal(guest.counters.deadLettered.terminated, sent - got, 'dead letters');
  equal(guest.letters.length, sent - got, 'dead letters that came');
});

instances.async('what cannot begin or end is refused', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, living: 1 });
  const { device } = kernel;
  const codeOf = (done: Promise<unknown>) =>
    done.then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
  equal(await codeOf(device.spawn(0, null)), 'RK_INVALID_OPTION', 'where somebody lives');
  equal(await codeOf(device.spawn(2, null)), 'RK_INVALID_OPTION', 'outside');
  equal(await codeOf(device.spawn(1, new Uint8Array(3))), 'RK_INVALID_OPTION', 'a wrong state');
  equal(await codeOf(device.retire(1)), 'RK_INSTANCE_NOT_FOUND', 'nobody');
  equal(await codeOf(device.restart(1, null)), 'RK_INSTANCE_NOT_FOUND', 'restart of nobody');
  await device.retire(0);
  equal(await codeOf(device.retire(0)), 'RK_INSTANCE_NOT_FOUND', 'a second time');
  await device.terminate(0);
  equal(await codeOf(device.spawn(0, null)), 'RK_KERNEL_TERMINATED', 'spawn at the end');
  equal(await codeOf(device.retire(0)), 'RK_KERNEL_TERMINATED', 'retire at the end');
});
