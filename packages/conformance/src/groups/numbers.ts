import { type AnyActor, actor, f32, f64, i32, i64, u32, u64 } from '@ringkernel/core';
import { type CaseList, caseList } from '../case.ts';
import type { Harness } from '../harness.ts';

/** Every operator on edge values; the reference interpreter says what must come out. */
export const numbers: CaseList = caseList('numbers');

const Unsigned = actor('Unsigned', {
  state: { last: u32 },
  messages: { Calc: { a: u32, b: u32 } },
  emits: {
    Result: {
      add: u32,
      sub: u32,
      mul: u32,
      div: u32,
      rem: u32,
      bits: u32,
      shl: u32,
      shr: u32,
      less: u32,
      wide: u64,
      fraction: f32,
      signed: i32,
    },
  },
  on: {
    Calc(ctx, { a, b }) {
      ctx.state.last = a + b;
      ctx.emit('Result', {
        add: a + b,
        sub: a - b,
        mul: Math.imul(a, b),
        div: (a / b) >>> 0,
        rem: a % b,
        bits: (a & b) ^ (a | ~b),
        shl: a << b,
        shr: a >>> b,
        less: a < b ? 1 : a === b ? 2 : 3,
        wide: u64(a) * u64(b),
        fraction: f32(a) / f32(b + 1),
        signed: i32(a) - i32(b),
      });
    },
  },
});

const Signed = actor('Signed', {
  state: { last: i32 },
  messages: { Calc: { a: i32, b: i32 } },
  emits: {
    Result: {
      add: i32,
      sub: i32,
      mul: i32,
      div: i32,
      rem: i32,
      shl: i32,
      shr: i32,
      low: i32,
      high: i32,
      size: i32,
      wide: i64,
      bits: u32,
    },
  },
  on: {
    Calc(ctx, { a, b }) {
      ctx.state.last = a;
      ctx.emit('Result', {
        add: a + b,
        sub: a - b,
        mul: Math.imul(a, b),
        div: (a / b) | 0,
        rem: a % b,
        shl: a << 3,
        shr: a >> 5,
        low: Math.min(a, b),
        high: Math.max(a, b),
        size: Math.abs(a),
        wide: i64(a) * i64(b),
        bits: u32(Math.clz32(a)),
      });
    },
  },
});

const Long = actor('Long', {
  state: { last: u64 },
  messages: { Calc: { a: u64, b: u64 } },
  emits: {
    Result: {
      add: u64,
      sub: u64,
      mul: u64,
      div: u64,
      rem: u64,
      shl: u64,
      shr: u64,
      less: u32,
      signed: i64,
      back: u32,
      single: f32,
    },
  },
  on: {
    Calc(ctx, { a, b }) {
      ctx.state.last = a;
      ctx.emit('Result', {
        add: a + b,
        sub: a - b,
        mul: a * b,
        div: a / b,
        rem: a % b,
        shl: a << (b & 63n),
        shr: a >> (b & 63n),
        less: a < b ? 1 : 0,
        signed: i64(a) / i64(b),
        back: u32(a),
        single: f32(a),
      });
    },
  },
});

const Single = actor('Single', {
  state: { sum: f32 },
  messages: { Calc: { a: f32, b: f32 } },
  emits: {
    Result: {
      add: f32,
      sub: f32,
      mul: f32,
      div: f32,
      root: f32,
      down: f32,
      up: f32,
      low: f32,
      whole: i32,
      natural: u32,
      less: u32,
      running: f32,
    },
  },
  on: {
    Calc(ctx, { a, b }) {
      ctx.state.sum += a * b;
      ctx.emit('Result', {
        add: a + b,
        sub: a - b,
        mul: a * b,
        div: a / b,
        root: Math.sqrt(Math.abs(a)),
        down: Math.floor(a),
        up: Math.ceil(b),
        low: Math.min(a, b),
        whole: i32(a),
        natural: u32(b),
        less: a < b ? 1 : 0,
        running: ctx.state.sum,
      });
    },
  },
});

const Double = actor('Double', {
  state: { sum: f64 },
  messages: { Calc: { a: f64, b: f64 } },
  emits: { Result: { add: f64, mul: f64, div: f64, root: f64, single: f32, running: f64 } },
  on: {
    Calc(ctx, { a, b }) {
      ctx.state.sum += a * b;
      ctx.emit('Result', {
        add: a + b,
        mul: a * b,
        div: a / b,
        root: Math.sqrt(Math.abs(a)),
        single: f32(a),
        running: ctx.state.sum,
      });
    },
  },
});

const Draws = actor('Draws', {
  state: { count: u32, sum: f32 },
  messages: { Draw: { times: u32 } },
  emits: { Drawn: { word: u32, unit: f32, now: u64 } },
  on: {
    Draw(ctx, m) {
      for (let i = 0; i < m.times; i++) {
        const unit = ctx.random();
        ctx.state.sum += unit;
        ctx.state.count += 1;
        ctx.emit('Drawn', { word: ctx.randomU32(), unit, now: ctx.now() });
      }
    },
  },
});

async function pairs(t: Harness, calculator: AnyActor, values: readonly unknown[]): Promise<void> {
  const kernel = await t.launch(calculator);
  for (const a of values) for (const b of values) await kernel.inject(0, 'Calc', { a, b });
  await t.step();
}

const u32s = [
  0, 1, 2, 3, 31, 32, 33, 255, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
const i32s = [0, 1, -1, 2, -2, 7, -7, 31, 46_341, -46_341, 0x7fff_ffff, -0x7fff_ffff, -0x8000_0000];
const u64s = [
  0n,
  1n,
  2n,
  63n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
// Class B: no NaN, infinity, -0 or denormal comes in; divisions by zero are left to the fuzzer.
const f32s = [1, -1, 0.5, 1 / 3, -2.75, 3.4e20, 1.2e-10, 16_777_216, 65_535.5, -1e9].map(
  Math.fround,
);
const f64s = [1, -1, 0.1, 1 / 3, 1e300, 1e-300, 2 ** 53 + 2, -2.5];

numbers.lockstep('u32', (t) => pairs(t, Unsigned, u32s));
numbers.lockstep('i32', (t) => pairs(t, Signed, i32s));
numbers.lockstep('u64 and i64', (t) => pairs(t, Long, u64s));
numbers.lockstep('f32', (t) => pairs(t, Single, f32s));
numbers.lockstep('f64', (t) => pairs(t, Double, f64s), ['f64']);

numbers.lockstep('random numbers and the clock are the same everywhere', async (t) => {
  const kernel = await t.launch(Draws, { instances: 5 });
  for (let i = 0; i < 5; i++) await kernel.inject(i, 'Draw', { times: 10 + i });
  await t.step(2);
  await kernel.inject(3, 'Draw', { times: 2 });
  await t.step();
});
