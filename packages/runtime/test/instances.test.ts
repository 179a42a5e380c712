import {
  actor,
  ask,
  createRuntime,
  hostActor,
  InstanceLimitError,
  InstanceNotFoundError,
  ref,
  u32,
} from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Counter, expectCounted, Probe } from './actors.ts';

test('instances come and go within maxInstances', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const counters = await runtime.launch(Counter, { instances: 1, maxInstances: 3 });
  expect([counters.instances, counters.maxInstances, counters.living]).toEqual([1, 3, [0]]);
  const rich = await counters.spawn({ state: { count: 2, total: 40n } });
  expect(await counters.at(rich).call('Get', {})).toEqual({ count: 2, total: 40n });
  expect(await counters.spawn()).toBe(2);
  await expect(counters.spawn()).rejects.toThrow(InstanceLimitError);
  await counters.retire(rich);
  expect(counters.living).toEqual([0, 2]);
  expect(counters.status()).toMatchObject({ instances: 2, failedInstances: 0 });
  expect(counters.metrics()).toMatchObject({ instances: 2, maxInstances: 3 });
  expect(await counters.spawn()).toBe(rich);
  expect(await counters.at(rich).readState()).toEqual({ count: 0, total: 0n });
  expectCounted(runtime);
});

test('a kernel may be launched with nobody; without room for others it may not', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const none = await runtime.launch(Counter, { id: 'none', instances: 0, maxInstances: 2 });
  await expect(none.send('Add', { by: 1 })).rejects.toThrow(InstanceNotFoundError);
  expect(await none.spawn()).toBe(0);
  await none.send('Add', { by: 1 });
  const wrong = [{ instances: 0 }, { instances: 3, maxInstances: 2 }, { maxInstances: 0.5 }];
  for (const options of wrong) {
    await expect(runtime.launch(Counter, { id: 'wrong', ...options })).rejects.toMatchObject({
      code: 'RK_INVALID_OPTION',
    });
  }
});

test('who deals with an instance that is gone is told so', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const probes = await runtime.launch(Probe, { instances: 2, queueCapacity: 1 });
  await probes.deactivate();
  const gone = probes.at(1);
  await gone.send('Note', { value: 1 });
  const held = gone.send('Note', { value: 2 });
  const call = gone.call('Echo', { value: 3 });
  const told = Promise.allSettled([held, call]);
  await probes.retire(1);
  for (const { reason } of (await told) as PromiseRejectedResult[]) {
    expect(reason).toBeInstanceOf(InstanceNotFoundError);
  }
  await expect(gone.send('Note', { value: 4 })).rejects.toThrow(InstanceNotFoundError);
  await expect(gone.call('Echo', { value: 4 })).rejects.toThrow(InstanceNotFoundError);
  await expect(gone.readState()).rejects.toThrow(InstanceNotFoundError);
  await expect(gone.restart()).rejects.toThrow(InstanceNotFoundError);
  await expect(probes.retire(1)).rejects.toMatchObject({ code: 'RK_INSTANCE_NOT_FOUND' });
  expect(() => gone.trySend('Note', { value: 4 })).toThrow(InstanceNotFoundError);
  await runtime.settled();
  const letters = runtime.deadLetters.toArray();
  expect(letters.map((l) => [l.reason, l.instance])).toEqual([['terminated', 1]]);
  expectCounted(runtime);
});

test('a call that nobody answered ends with its instance', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const probes = await runtime.launch(Probe, { instances: 1, maxInstances: 2 });
  const index = await probes.spawn();
  const silent = probes.at(index).call('Silent', { value: 1 });
  const ended = expect(silent).rejects.toThrow(InstanceNotFoundError);
  await runtime.settled();
  await probes.retire(index);
  await ended;
});

const Room = actor('Room', {
  state: { said: u32 },
  messages: { Say: {}, Tell: { to: ref(() => Room) }, Count: ask({}, { said: u32 }) },
  on: {
    Say(ctx) {
      ctx.state.said += 1;
    },
    Tell(ctx, m) {
      ctx.send(m.to, 'Say', {});
    },
    Count(ctx) {
      ctx.reply({ said: ctx.state.said });
    },
  },
});

test('actors and brokers reach one that was spawned, and not one that was retired', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const rooms = await runtime.launch(Room, { id: 'rooms', instances: 1, maxInstances: 4 });
  const index = await rooms.spawn();
  await rooms.send('Tell', { to: rooms.at(index) });
  await runtime.settled();
  expect(await rooms.at(index).call('Count', {})).toEqual({ said: 1 });
  const sender = runtime.k2k.endpoint(rooms);
  const target = { name: 'rooms', instance: index };
  expect(await sender.send(target, 'Say', {})).toMatchObject({ status: 'Delivered' });
  await runtime.settled();
  await rooms.retire(index);
  expect(await sender.send(target, 'Say', {})).toMatchObject({ status: 'NotFound' });
  await rooms.send('Tell', { to: rooms.at(index) });
  await runtime.settled();
  expect(rooms.metrics().deadLettered.terminated).toBe(1);
});

test('a checkpoint knows who lives, and with which state', async () => {
  const first = await createRuntime({ backend: 'cpu' });
  const before = await first.launch(Counter, { id: 'c', instances: 2, maxInstances: 5 });
  await before.spawn({ state: { count: 7, total: 70n } });
  await before.spawn({ state: { count: 8, total: 80n } });
  await before.retire(0);
  await before.retire(2);
  const checkpoint = await first.checkpoint();
  await first.close();
  await using second = await createRuntime({ backend: 'cpu' });
  await second.restore(checkpoint);
  const after = second.get('c', Counter);
  expect(after.living).toEqual([1, 3]);
  expect(await after.at(3).readState()).toEqual({ count: 8, total: 80n });
  const spawned = [await after.spawn(), await after.spawn(), await after.spawn()];
  expect(spawned.toSorted()).toEqual([0, 2, 4]);
  await expect(after.spawn()).rejects.toThrow(InstanceLimitError);
});

test('a host-only loop begins and ends with its instance', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const loops = await runtime.launch(
    hostActor('Loop', {
      messages: { Say: { value: u32 } },
      emits: { Said: { value: u32, index: u32 } },
      async run(ctx) {
        for (;;) {
          const message = await ctx.receive();
          if (message === undefined) return;
          ctx.emit('Said', { value: message.value, index: ctx.index });
        }
      },
    }),
    { instances: 1, maxInstances: 2 },
  );
  for (let value = 1; value <= 3; value++) {
    const index = await loops.spawn();
    await loops.at(index).send('Say', { value });
    expect(await loops.receive('Said')).toMatchObject({ value, index });
    await loops.retire(index);
    await expect(loops.at(index).send('Say', { value })).rejects.toThrow(InstanceNotFoundError);
  }
});

test('a kernel that has failed goes on with a new instance', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const probes = await runtime.launch(Probe, { instances: 1, maxInstances: 2 });
  await expect(probes.call('Fail', { code: 1 })).rejects.toMatchObject({
    code: 'RK_HANDLER_FAULT',
  });
  expect(probes.state).toBe('failed');
  const index = await probes.spawn();
  expect(probes.state).toBe('active');
  expect(await probes.at(index).call('Echo', { value: 5 })).toMatchObject({ value: 5 });
});
