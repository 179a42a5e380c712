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

/** Can take its worker thread down in several ways. */
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

test.each([
  ['Exit', { code: 3 }],
  ['Exit', { code: 0 }],
  ['ThrowLater', {}],
  ['RejectLater', {}],
] as const)(
  '%s %j: a worker that dies takes the device with it, and nobody waits on',
  async (type, payload) => {
    const runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
    const counters = await runtime.launch(Counter, { instances: 64 });
    const probes = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const saboteur = await runtime.launch(Saboteur);
    for (let i = 0; i < 64; i++) await counters.at(i).send('Add', { by: 1 });
    await probes.send('Note', { value: 1 });
    const waits = [
      probes.send('Note', { value: 2 }),
      probes.call('Echo', { value: 1 }),
      counters.receive('Milestone'),
      counters.wait(),
      saboteur.call(type as 'Exit', payload as { code: number }),
    ].map(errorOf);
    for (const error of await Promise.all(waits)) {
      expect(error).toBeInstanceOf(DeviceLostError);
      expect(error).toMatchObject({ code: 'RK_DEVICE_LOST', deviceId: 'cpu' });
    }
    expect([counters.state, probes.state, saboteur.state]).toEqual(['failed', 'failed', 'failed']);
    expect(await errorOf(runtime.launch(Counter, { id: 'other' }))).toBeInstanceOf(DeviceLostError);
    expect(() => counters.trySend('Add', { by: 1 })).toThrow(DeviceLostError);
    expectCounted(runtime);
    expect(runtime.summary().counts.pending).toBe(0);
    await runtime.close();
    expectCounted(runtime);
    expect(await errorOf(runtime.launch(Counter))).toBeInstanceOf(DeviceLostError);
  },
);

test('what an exit or an error says is in the reason', async () => {
  const runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const saboteur = await runtime.launch(Saboteur);
  const error = (await errorOf(saboteur.call('ThrowLater', {}))) as DeviceLostError;
  expect(error.cause).toMatchObject({
    name: 'RangeError',
    message: 'thrown where nobody can catch it',
  });
  await runtime.close();
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
