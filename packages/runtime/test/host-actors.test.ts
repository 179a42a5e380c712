import {
  actor,
  ask,
  createRuntime,
  HandlerError,
  hostActor,
  KernelTerminatedError,
  type Runtime,
  ref,
  u32,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectNothingLost } from './actors.ts';

const Clerk = hostActor('Clerk', {
  messages: { Add: ask({ by: u32 }, { sum: u32 }), Fall: ask({}, { sum: u32 }) },
  emits: { Added: { sum: u32 } },
  async run(ctx) {
    let sum = 0;
    while (!ctx.shouldTerminate) {
      const m = await ctx.receive();
      if (m === undefined) continue;
      if (m.type === 'Fall') throw new RangeError('fell over');
      sum += m.by;
      ctx.emit('Added', { sum });
      ctx.reply(m, { sum });
    }
  },
});

const Desk = actor('Desk', {
  state: {},
  messages: { Pass: { to: ref(() => Clerk), by: u32 } },
  on: {
    Pass(ctx, m) {
      ctx.send(m.to, 'Add', { by: m.by });
    },
  },
});

let runtime: Runtime;
beforeEach(async () => {
  runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
});
afterEach(async () => {
  await expectNothingLost(runtime);
  await runtime.close();
});

test('a host-only actor is called, tells the host, and hears from portable ones', async () => {
  const clerk = await runtime.launch(Clerk, { instances: 2 });
  const desk = await runtime.launch(Desk);
  expect(await clerk.at(1).call('Add', { by: 2 })).toEqual({ sum: 2 });
  await desk.send('Pass', { to: clerk.at(1), by: 40 });
  const seen = [await clerk.receive('Added'), await clerk.receive('Added')];
  expect(seen).toMatchObject([
    { from: 1, sum: 2 },
    { from: 1, sum: 42 },
  ]);
  expect(await clerk.call('Add', { by: 1 })).toEqual({ sum: 1 });
  expect(await clerk.terminate()).toEqual({ drained: true });
});

test('what it throws reaches the caller, with its cause', async () => {
  const clerk = await runtime.launch(Clerk, { instances: 2 });
  const error = await clerk.call('Fall', {}).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(HandlerError);
  expect(error).toMatchObject({ kernelId: 'Clerk', instance: 0, cause: { name: 'RangeError' } });
  expect(clerk.status()).toMatchObject({ state: 'active', failedInstances: 1 });
  expect(clerk.faults()).toMatchObject([{ instance: 0, error }]);
  expect(await clerk.at(1).call('Add', { by: 7 })).toEqual({ sum: 7 });
});

test('a loop that waits ends with its kernel', async () => {
  const clerk = await runtime.launch(Clerk);
  const waiting = Promise.resolve(clerk.receive()).catch((error: unknown) => error);
  expect(await clerk.terminate()).toEqual({ drained: true });
  expect(await waiting).toBeInstanceOf(KernelTerminatedError);
});
