import {
  ask,
  createRuntime,
  DeviceLostError,
  HandlerError,
  hostActor,
  u32,
} from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Counter, expectCounted, Probe } from './actors.ts';
import { losable } from './losable.ts';

/** Does what would take a worker thread down, in several ways. */
const Saboteur = hostActor('Saboteur', {
  messages: { Exit: ask({ code: u32 }, {}), ThrowLater: ask({}, {}), RejectLater: ask({}, {}) },
  async run(ctx) {
    while (!ctx.shouldTerminate) {
      const m = await ctx.receive();
      if (m?.type === 'Exit') process.exit(m.code);
      else if (m?.type === 'ThrowLater') {
        setTimeout(() => {
          throw new RangeError('thrown where nobody can catch it');
        }, 1);
      } else if (m?.type === 'RejectLater') {
        void Promise.reject(new RangeError('rejected where nobody can catch it'));
      }
    }
  },
});

async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const ways = [
  ['Exit', { code: 3 }],
  ['Exit', { code: 0 }],
  ['ThrowLater', {}],
  ['RejectLater', {}],
] as const;

test.each(ways)(
  '%s %j in a host-only actor fails its instance, and its worker lives on',
  async (type, payload) => {
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const counters = await runtime.launch(Counter, { instances: 8 });
    const probe = await runtime.launch(Probe, { autoActivate: false });
    const saboteurs = await runtime.launch(Saboteur, { instances: 2, onFailure: 'wait' });
    for (let i = 0; i < 8; i++) await counters.at(i).send('Add', { by: i });
    await probe.send('Note', { value: 1 });
    const error = await errorOf(saboteurs.at(1).call(type as 'Exit', payload as { code: number }));
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ kernelId: 'Saboteur', instance: 1 });
    const texts = {
      Exit: /process\.exit\(\d\) in a host-only actor/,
      ThrowLater: /RangeError: thrown where nobody can catch it/,
      RejectLater: /RangeError: rejected where nobody can catch it/,
    };
    expect((error as HandlerError).message).toMatch(texts[type]);
    expect(await counters.at(7).call('Get', {})).toEqual({ count: 1, total: 7n });
    await probe.activate();
    expect(await probe.call('Echo', { value: 1 })).toMatchObject({ seen: 2 });
    expect(saboteurs.status().failedInstances).toBe(1);

    const again = errorOf(saboteurs.at(1).call('ThrowLater', {}));
    await saboteurs.at(1).restart();
    expect(await again).toBeInstanceOf(HandlerError);
    expect(saboteurs.faults()).toHaveLength(2);
    await runtime.settled();
    expectCounted(runtime);
  },
);

test('a host-only actor that runs can be restarted: what is left of it is not heard', async () => {
  const Ticker = hostActor('Ticker', {
    messages: { Go: { number: u32 } },
    emits: { Tick: { number: u32 } },
    async run(ctx) {
      for (;;) {
        const m = await ctx.receive();
        if (m === undefined) return;
        ctx.emit('Tick', { number: m.number });
        const timer = setInterval(() => {
          try {
            ctx.emit('Tick', { number: 1_000 + m.number });
          } catch {
            clearInterval(timer); // a restart came between
          }
        }, 1);
      }
    },
  });
  await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const ticker = await runtime.launch(Ticker, { outputQueueCapacity: 10_000 });
  const next = async () => (await ticker.receive('Tick')).number;
  await ticker.send('Go', { number: 1 });
  expect([await next(), await next()]).toEqual([1, 1_001]);
  await ticker.restart();
  await runtime.settled();
  while (ticker.tryReceive() !== undefined); // what it told before
  await ticker.send('Go', { number: 2 });
  const ticks = [];
  for (let i = 0; i < 5; i++) ticks.push(await next());
  expect(ticks).toEqual([2, 1_002, 1_002, 1_002, 1_002]);
});

test('workers that die again and again take the device with them, and nobody waits on', async () => {
  const { backend, lose } = losable();
  const runtime = await createRuntime({ backend, backendOptions: { workers: 2 } });
  const counters = await runtime.launch(Counter, { instances: 64, onFailure: 'wait' });
  const probes = await runtime.launch(Probe, {
    queueCapacity: 1,
    autoActivate: false,
    onFailure: 'wait',
  });
  for (let i = 0; i < 64; i++) await counters.at(i).send('Add', { by: 1 });
  await probes.send('Note', { value: 1 });
  const waits = [
    probes.send('Note', { value: 2 }),
    probes.call('Echo', { value: 1 }),
    counters.receive('Milestone'),
    counters.wait(),
  ].map(errorOf);
  await lose();
  const [send, call, ...others] = await Promise.all(waits);
  // The mailbox may have had room once more when the first worker had died with what was in it.
  if (send !== undefined) expect(send).toBeInstanceOf(DeviceLostError);
  // The call was lost with the worker that had it, unless that one was not the first to go.
  expect(['RK_WORKER_LOST', 'RK_DEVICE_LOST']).toContain((call as DeviceLostError).code);
  for (const error of others) {
    expect(error).toBeInstanceOf(DeviceLostError);
    expect(error).toMatchObject({ code: 'RK_DEVICE_LOST', deviceId: 'cpu' });
  }
  expect([counters.state, probes.state]).toEqual(['failed', 'failed']);
  expect(await errorOf(runtime.launch(Counter, { id: 'other' }))).toBeInstanceOf(DeviceLostError);
  expect(() => counters.trySend('Add', { by: 1 })).toThrow(DeviceLostError);
  expectCounted(runtime);
  expect(runtime.summary().counts.pending).toBe(0);
  await runtime.close();
  expectCounted(runtime);
  expect(await errorOf(runtime.launch(Counter))).toBeInstanceOf(DeviceLostError);
});

test('an error inside of the loop fails its instance only', async () => {
  const Thrower = hostActor('Thrower', {
    messages: { Go: ask({}, {}) },
    async run(ctx) {
      await ctx.receive();
      throw new RangeError('caught by the worker');
    },
  });
  await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const counter = await runtime.launch(Counter);
  const thrower = await runtime.launch(Thrower);
  expect(await errorOf(thrower.call('Go', {}))).toBeInstanceOf(HandlerError);
  await counter.send('Add', { by: 1 });
  expect(await counter.call('Get', {})).toEqual({ count: 1, total: 1n });
  expect([thrower.state, counter.state]).toEqual(['failed', 'active']);
});
