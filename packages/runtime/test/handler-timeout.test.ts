import {
  actor,
  ask,
  createRuntime,
  HandlerTimeoutError,
  InvalidOptionError,
  type Runtime,
  u32,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost } from './actors.ts';

/** Loops for ever when it is told to, in each of the loops that the language has. */
const Looper = actor('Looper', {
  state: { done: u32, begun: u32 },
  messages: {
    Work: { turns: u32 },
    While: ask({ forever: u32 }, {}),
    Nested: ask({ forever: u32 }, {}),
    Emit: ask({ forever: u32 }, {}),
    Get: ask({}, { done: u32, begun: u32 }),
  },
  emits: { Round: { number: u32, length: u32 } },
  on: {
    Work(ctx, m) {
      let sum = u32(0);
      for (let i = u32(0); i < m.turns; i++) sum ^= i;
      ctx.state.done += 1 + (sum & 0);
    },
    While(ctx, m) {
      ctx.state.begun += 1;
      let i = u32(0);
      while (m.forever !== 0) i += 1;
      ctx.state.done += i;
      ctx.reply({});
    },
    Nested(ctx, m) {
      ctx.state.begun += 1;
      for (let i = u32(0); i < 10 || m.forever !== 0; i++) {
        for (let j = u32(0); j < 10; j++) {
          if (j === 5) continue;
        }
      }
      ctx.reply({});
    },
    Emit(ctx, m) {
      ctx.emit('Round', { number: 1, length: 7 });
      let i = u32(0);
      while (m.forever !== 0) i += 1;
      ctx.emit('Round', { number: i, length: 8 });
    },
    Get(ctx) {
      ctx.reply({ done: ctx.state.done, begun: ctx.state.begun });
    },
  },
});

const timeoutMs = 100;

describe('a handler that does not end', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({
      backend: 'cpu',
      backendOptions: { workers: 1, handlerTimeoutMs: timeoutMs },
    });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test.each(['While', 'Nested'] as const)(
    '%s is ended; its caller has the cause, its neighbours their states and messages',
    async (type) => {
      const loopers = await runtime.launch(Looper, { instances: 8, queueCapacity: 4_096 });
      const counter = await runtime.launch(Counter);
      for (let i = 0; i < 8; i++) await loopers.at(i).send('Work', { turns: 10 });
      const stuck = loopers.at(3).call(type, { forever: 1 });
      for (let n = 0; n < 1_000; n++) {
        await counter.send('Add', { by: 1 });
        await loopers.at(n % 3).send('Work', { turns: 10 });
      }
      const error = (await stuck.catch((e: unknown) => e)) as HandlerTimeoutError;
      expect(error).toBeInstanceOf(HandlerTimeoutError);
      expect(error).toMatchObject({ kernelId: 'Looper', instance: 3, timeoutMs });
      expect(await counter.call('Get', {})).toEqual({ count: 1_000, total: 1_000n });
      const done = await Promise.all([0, 1, 2, 4].map((i) => loopers.at(i).call('Get', {})));
      expect(done.map((state) => state.done)).toEqual([335, 334, 334, 1]);
      expect(await loopers.at(3).readState()).toEqual({ done: 1, begun: 1 });
      expect(loopers.faults().map(({ instance }) => instance)).toEqual([3]);
      expect(runtime.summary().counts.deadLettered).toBe(0);
      expect(loopers.metrics().errors).toBe(1);
    },
  );

  test('what it sent before stays, and a supervisor restarts it', async () => {
    const supervisor = runtime.supervise();
    const looper = await supervisor.launch(Looper);
    const calls = [
      looper.call('Emit', { forever: 1 }).catch((e: { code: string }) => e.code),
      looper.call('While', { forever: 0 }),
    ];
    expect(await Promise.all(calls)).toEqual(['RK_HANDLER_TIMEOUT', {}]);
    expect(await looper.receive('Round')).toMatchObject({ number: 1, length: 7 });
    expect(looper.tryReceive('Round')).toBeUndefined();
    expect(supervisor.restarts).toBe(1);
  });

  test('many that run one after the other, each within its time, are left alone', async () => {
    const looper = await runtime.launch(Looper);
    const from = performance.now();
    let sent = 0;
    while (performance.now() - from < 3 * timeoutMs) {
      for (let i = 0; i < 8; i++) await looper.send('Work', { turns: 200_000 });
      sent += 8;
      await runtime.settled();
    }
    expect((await looper.call('Get', {})).done).toBe(sent);
  });
});

test('in lockstep, too', async () => {
  await using runtime = await createRuntime({
    backend: 'cpu',
    schedule: 'lockstep',
    backendOptions: { workers: 2, handlerTimeoutMs: timeoutMs },
  });
  const loopers = await runtime.launch(Looper, { instances: 2 });
  const stuck = loopers.call('While', { forever: 1 }).catch((e: unknown) => e);
  await loopers.at(1).send('Work', { turns: 3 });
  await runtime.step();
  expect(await stuck).toBeInstanceOf(HandlerTimeoutError);
  expect(await loopers.at(1).readState()).toEqual({ done: 1, begun: 0 });
});

test.each([-1, 0.5, '5'])('handlerTimeoutMs: %j is refused', async (handlerTimeoutMs) => {
  const creation = createRuntime({ backend: 'cpu', backendOptions: { handlerTimeoutMs } });
  await expect(creation).rejects.toThrow(InvalidOptionError);
});
