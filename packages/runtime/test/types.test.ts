import {
  type AnyKernelHandle,
  actor,
  array,
  ask,
  createRuntime,
  f32,
  type HandleOf,
  ref,
  struct,
  u32,
  u64,
} from '@ringkernel/runtime';
import { expect, expectTypeOf, test } from 'vitest';
import { Counter, Probe } from './actors.ts';

const Typed = actor('Typed', {
  state: {},
  messages: {
    Put: { id: u64, xs: array(f32, 4), at: struct({ x: f32 }), to: ref() },
    Ask: ask({ id: u64 }, { ok: u32, xs: array(u32, 2) }),
  },
  emits: { A: { a: u32 }, B: { b: u64 } },
  on: {
    Put() {},
    Ask(ctx) {
      ctx.reply({ ok: 1, xs: [1, 2] });
    },
  },
});
type Handle = HandleOf<typeof Typed>;

test('payloads, replies and events are inferred from the definition', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const typed = await runtime.launch(Typed);
  expectTypeOf(typed).toEqualTypeOf<Handle>();
  const put = { id: 1n, xs: new Float32Array(2), at: { x: 1 }, to: typed };
  await typed.send('Put', put);
  const reply = await typed.call('Ask', { id: 1n });
  expectTypeOf(reply).toEqualTypeOf<{ readonly ok: number; readonly xs: readonly number[] }>();
  expect(reply).toEqual({ ok: 1, xs: [1, 2] });
  expectTypeOf<Parameters<Handle['call']>[0]>().toEqualTypeOf<'Ask'>();
  expectTypeOf<Parameters<Handle['send']>[0]>().toEqualTypeOf<'Put' | 'Ask'>();

  const receive = () => typed.receive('B');
  type B = Awaited<ReturnType<typeof receive>>;
  expectTypeOf<B['b']>().toEqualTypeOf<bigint>();
  expectTypeOf<B['from']>().toEqualTypeOf<number>();
  const any = typed.tryReceive();
  if (any?.type === 'A') expectTypeOf(any.a).toEqualTypeOf<number>();
  if (any?.type === 'B') expectTypeOf(any.b).toEqualTypeOf<bigint>();

  // @ts-expect-error a message has the type that its schema says
  await expect(typed.send('Put', { ...put, id: 1 })).rejects.toThrow('Typed.Put.id');
  // @ts-expect-error no such message
  await expect(typed.send('Pot', put)).rejects.toThrow("is it 'Put'?");
  // @ts-expect-error Put is not answered
  await expect(typed.call('Put', put)).rejects.toThrow('ask');
  // @ts-expect-error no such event
  expect(() => typed.receive('C')).toThrow('one of A, B');
});

test('the state of an instance can be read', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const counters = await runtime.launch(Counter, { instances: 3 });
  await counters.at(2).sendBatch('Add', [{ by: 40 }, { by: 2 }]);
  await runtime.settled();
  const state = await counters.at(2).readState();
  expectTypeOf(state).toEqualTypeOf<{ readonly count: number; readonly total: bigint }>();
  expect(state).toEqual({ count: 2, total: 42n });
  await counters.terminate();
  expect(await counters.at(2).readState()).toEqual(state);
});

test('a kernel found by id is typed by its definition', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  await runtime.launch(Counter, { id: 'c' });
  const found = runtime.get('c', Counter);
  expectTypeOf(found).toEqualTypeOf<HandleOf<typeof Counter>>();
  expect((await found.call('Get', {})).total).toBe(0n);
  expect(() => runtime.get('c', Probe)).toThrow("should be Counter, which 'c' was launched from");
  expectTypeOf(runtime.get('c')).toEqualTypeOf<AnyKernelHandle>();
  await runtime.get('c').send('Add', { by: 2 });
  const reply = await runtime.get('c').call('Get', {});
  expect(reply).toEqual({ count: 1, total: 2n });
});
