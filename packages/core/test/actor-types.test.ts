import {
  type Address,
  type AnyActor,
  type AnyHostActor,
  type ArrayType,
  actor,
  array,
  ask,
  bool,
  type Codec,
  codecOf,
  type Decoded,
  describe as describeActor,
  type FixedArray,
  f32,
  f64,
  type HostContext,
  hostActor,
  i64,
  layoutOf,
  type Message,
  type MessageMeta,
  type Payload,
  parseFbs,
  type ReadonlyFixedArray,
  ref,
  type Struct,
  struct,
  u8,
  u32,
  u64,
} from '@ringkernel/core';
import { describe, expectTypeOf, test } from 'vitest';

// Compiled by `tsc -p tsconfig.test.json`: an error that is expected and does not come fails the check.

const Other = actor('Other', {
  state: {},
  messages: { Ball: { value: u32 }, Query: ask({ key: u64 }, { found: bool }) },
  on: { Ball() {}, Query() {} },
});

const fields = {
  count: u32,
  total: u64,
  flag: bool,
  hist: array(f32, 4),
  at: struct({ x: f64, n: i64 }),
  many: array(struct({ b: u8 }), 2),
  any: ref(),
  peer: ref(() => Other),
};

describe('inference from fields', () => {
  test('of a state', () => {
    expectTypeOf<Struct<typeof fields>>().toEqualTypeOf<{
      count: number;
      total: bigint;
      flag: boolean;
      hist: FixedArray<number>;
      at: { x: number; n: bigint };
      many: FixedArray<{ b: number }>;
      any: number;
      peer: Address<() => typeof Other>;
    }>();
  });

  test('of a message', () => {
    expectTypeOf<Message<typeof fields>>().toEqualTypeOf<{
      readonly count: number;
      readonly total: bigint;
      readonly flag: boolean;
      readonly hist: ReadonlyFixedArray<number>;
      readonly at: { readonly x: number; readonly n: bigint };
      readonly many: ReadonlyFixedArray<{ readonly b: number }>;
      readonly any: number;
      readonly peer: Address<() => typeof Other>;
    }>();
  });

  test('of a decoded value', () => {
    expectTypeOf<Decoded<typeof fields>>().toEqualTypeOf<{
      readonly count: number;
      readonly total: bigint;
      readonly flag: boolean;
      readonly hist: readonly number[];
      readonly at: { readonly x: number; readonly n: bigint };
      readonly many: readonly { readonly b: number }[];
      readonly any: number;
      readonly peer: number;
    }>();
  });

  test('of a payload', () => {
    const handle = { address: 64, send() {} };
    const right = {
      count: 1,
      total: 2n,
      flag: true,
      hist: new Float32Array(2),
      at: { x: 0, n: 1n },
      many: [{ b: 1 }],
      any: 64,
      peer: handle,
    };
    expectTypeOf(right).toExtend<Payload<typeof fields>>();
    expectTypeOf<Decoded<typeof fields>>().toExtend<Payload<typeof fields>>();
    expectTypeOf({ ...right, hist: [1, 2] as const }).toExtend<Payload<typeof fields>>();
    expectTypeOf({ ...right, total: 2 }).not.toExtend<Payload<typeof fields>>();
    expectTypeOf({ ...right, hist: [1n] }).not.toExtend<Payload<typeof fields>>();
    expectTypeOf({ ...right, peer: 'x' }).not.toExtend<Payload<typeof fields>>();
    expectTypeOf<Omit<typeof right, 'count'>>().not.toExtend<Payload<typeof fields>>();
  });

  test('of a codec', () => {
    const codec = codecOf(layoutOf({ id: u64, xs: array(f32, 2) }));
    expectTypeOf(codec.encode)
      .parameter(2)
      .toEqualTypeOf<Payload<{ id: typeof u64; xs: ArrayType<typeof f32, 2> }>>();
    expectTypeOf(codec.decode).returns.toEqualTypeOf<{
      readonly id: bigint;
      readonly xs: readonly number[];
    }>();
    const imported = parseFbs('struct S { id: ulong; }');
    expectTypeOf(codecOf(layoutOf(imported.S?.fields ?? {})).decode).returns.toBeUnknown();
    expectTypeOf(codec).toExtend<Codec>();
    expectTypeOf(codecOf(describeActor(Other).state).encode)
      .parameter(2)
      .toBeUnknown();
  });

  test('of the words as conversions', () => {
    expectTypeOf(u32).returns.toEqualTypeOf<number>();
    expectTypeOf(u64).returns.toEqualTypeOf<bigint>();
    expectTypeOf(bool).returns.toEqualTypeOf<boolean>();
    // @ts-expect-error a string is not converted
    u32('3');
    // @ts-expect-error arrays of arrays have no layout
    array(array(u8, 2), 2);
  });
});

describe('handlers', () => {
  test('see the state, the message and the context of their message', () => {
    actor('Types', {
      state: fields,
      messages: {
        Set: { n: u32, xs: array(f32, 4), who: ref(() => Other) },
        Get: ask({}, { n: u32 }),
      },
      emits: { Done: { n: u32 } },
      on: {
        Set(ctx, m) {
          expectTypeOf(ctx.state.total).toEqualTypeOf<bigint>();
          expectTypeOf(m.n).toEqualTypeOf<number>();
          expectTypeOf(ctx.now()).toEqualTypeOf<bigint>();
          ctx.state.count = m.n;
          ctx.state.hist = m.xs;
          ctx.state.peer = m.who;
          ctx.state.any = ctx.self;
          ctx.state.total += ctx.sum(4, () => 1n);
          if (ctx.state.flag) ctx.fail(3);

          // @ts-expect-error no such field
          ctx.state.missing;
          // @ts-expect-error a number is not a u64
          ctx.state.total += 1;
          // @ts-expect-error a bigint is not a u32
          ctx.state.count = 1n;
          // @ts-expect-error messages are readonly
          m.n = 1;
          // @ts-expect-error their arrays too
          m.xs[0] = 1;
          // @ts-expect-error the state itself can't be replaced
          ctx.state = fields;
          // @ts-expect-error an array in a state is indexed, nothing else
          ctx.state.hist.map;
          // @ts-expect-error Set has no reply
          ctx.reply({ n: 1 });
        },
        Get(ctx, m) {
          ctx.reply({ n: ctx.state.count });
          // @ts-expect-error the request has no fields
          m.n;
          // @ts-expect-error a field is missing
          ctx.reply({});
          // @ts-expect-error a field is unknown
          ctx.reply({ n: 1, more: 2 });
          // @ts-expect-error a field has another type
          ctx.reply({ n: 1n });
        },
      },
    });
  });

  test('send by the target', () => {
    actor('Sender', {
      state: {
        peer: ref(() => Other),
        peers: array(
          ref(() => Other),
          4,
        ),
        any: ref(),
      },
      messages: { Own: { n: u32 }, To: { peer: ref(() => Other) } },
      emits: { Done: { n: u32 } },
      on: {
        Own(ctx) {
          ctx.send(ctx.state.peer, 'Ball', { value: 1 });
          ctx.send(ctx.state.peer, 'Query', { key: 1n }, { priority: 'critical' });
          const peer = ctx.state.peers[0];
          if (peer !== undefined) ctx.send(peer, 'Ball', { value: 1 });
          ctx.send(ctx.self, 'Own', { n: 1 });
          ctx.send(ctx.at(3), 'Own', { n: 1 });
          ctx.send(ctx.state.any, 'Own', { n: 1 });
          ctx.send(ctx.sender, 'To', { peer: ctx.state.peer });
          ctx.send(7, 'Own', { n: 1 });
          ctx.emit('Done', { n: 1 });

          // @ts-expect-error Other has no such message
          ctx.send(ctx.state.peer, 'Own', { n: 1 });
          // @ts-expect-error a payload of another message
          ctx.send(ctx.state.peer, 'Ball', { key: 1n });
          // @ts-expect-error a field has another type
          ctx.send(ctx.state.peer, 'Query', { key: 1 });
          // @ts-expect-error no such priority
          ctx.send(ctx.state.peer, 'Ball', { value: 1 }, { priority: 'urgent' });
          // @ts-expect-error Ball is not among the own messages
          ctx.send(ctx.self, 'Ball', { value: 1 });
          // @ts-expect-error no such message
          ctx.send(ctx.at(1), 'Nothing', {});
          // @ts-expect-error an address is a number
          ctx.send('peer', 'Own', { n: 1 });
          // @ts-expect-error no such event
          ctx.emit('Own', { n: 1 });
        },
        To(ctx, m) {
          ctx.send(m.peer, 'Ball', { value: 1 });
          // @ts-expect-error Other has no such message
          ctx.send(m.peer, 'To', { peer: m.peer });
        },
      },
    });
  });

  test('are there for every message and for nothing else', () => {
    const messages = { Go: { n: u32 }, Stop: {} };
    const go = (): void => {};
    // Defined in functions that never run: at run time these are refused.
    const missing = () =>
      actor('Missing', {
        state: {},
        messages,
        // @ts-expect-error no handler for Stop
        on: { Go: go },
      });
    const unknown = () =>
      actor('Unknown', {
        state: {},
        messages,
        // @ts-expect-error no message Run
        on: { Go: go, Stop: go, Run: go },
      });
    const wrong = () =>
      actor('Wrong', {
        // @ts-expect-error not a schema word
        state: { n: 'u32' },
        messages,
        on: { Go: go, Stop: go },
      });
    expectTypeOf(missing).toBeFunction();
    expectTypeOf(unknown).toBeFunction();
    expectTypeOf(wrong).toBeFunction();
  });

  test('make definitions that generic code can hold', () => {
    expectTypeOf(Other).toExtend<AnyActor>();
    expectTypeOf(Other.spec.messages.Ball.value).toEqualTypeOf<typeof u32>();
  });
});

describe('host actors', () => {
  test('receive a union told apart by type', () => {
    const Files = hostActor('Files', {
      messages: {
        Open: { size: u64, parts: array(u32, 3), by: ref(() => Other) },
        Read: ask({ at: u32 }, { bytes: array(u8, 16) }),
      },
      emits: { Closed: { count: u32 } },
      run: async (ctx) => {
        expectTypeOf(ctx.kernelId).toEqualTypeOf<string>();
        while (!ctx.shouldTerminate) {
          await ctx.waitActive();
          const m = (await ctx.receive({ timeoutMs: 100 })) ?? ctx.tryReceive();
          if (m === undefined) continue;
          expectTypeOf(m).toExtend<MessageMeta>();
          expectTypeOf(m.type).toEqualTypeOf<'Open' | 'Read'>();
          if (m.type === 'Read') {
            expectTypeOf(m.at).toEqualTypeOf<number>();
            ctx.reply(m, { bytes: new Uint8Array(16) });
            // @ts-expect-error a field is missing
            ctx.reply(m, {});
            // @ts-expect-error messages are readonly
            m.at = 3;
          } else {
            expectTypeOf(m.size).toEqualTypeOf<bigint>();
            expectTypeOf(m.parts).toEqualTypeOf<readonly number[]>();
            ctx.emit('Closed', { count: m.parts.length });
            ctx.send(m.from, 'Read', { at: 1 });
            // @ts-expect-error Open has no reply
            ctx.reply(m, { bytes: [] });
            // @ts-expect-error no such event
            ctx.emit('Opened', {});
            // @ts-expect-error no such field
            m.at;
          }
        }
      },
    });
    expectTypeOf(Files).toExtend<AnyHostActor>();
  });

  test('come from a function or from a module', () => {
    const messages = { Go: {} };
    hostActor('A', { messages, module: new URL('file:///a.js'), export: 'run' });
    // @ts-expect-error no export
    const incomplete = () => hostActor('B', { messages, module: 'file:///a.js' });
    const run = async (_: HostContext<typeof messages, Record<never, never>>): Promise<void> => {};
    // @ts-expect-error both
    const both = () => hostActor('C', { messages, run, module: 'file:///a.js', export: 'run' });
    expectTypeOf(incomplete).toBeFunction();
    expectTypeOf(both).toBeFunction();
  });
});
