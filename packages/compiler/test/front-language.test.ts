import { compile } from '@ringkernel/compiler';
import {
  type AnyActor,
  actor,
  array,
  ask,
  bool,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  ref,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '@ringkernel/core';
import { expect, test } from 'vitest';
import { runActor } from './run-actor.ts';

const tick = { price: f32, flags: array(u8, 3), sizes: array(u16, 10) };

test('narrow fields are wide in handlers and keep their low bits', () => {
  const Narrow = actor('Narrow', {
    state: { a: u8, b: i8, c: u16, d: i16, wide: i32, value: u32 },
    messages: { Go: { by: u32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.value = s.a = m.by + 250;
        s.b = i32(m.by) - 140;
        s.c -= 1;
        s.d = i16(40000);
        s.wide = s.b + s.d + i8(m.by + 125) + i32(u8(300.7)) + i32(u16(m.by - 11));
      },
    },
  });
  const { state } = runActor(Narrow, [{ type: 'Go', fields: { by: 10 } }]);
  const wide = 126 + (40000 - 65536) + (135 - 256) + 255 + 65535;
  expect(state).toEqual({ a: 4, b: 126, c: 65535, d: 40000 - 65536, wide, value: 260 });
});

test('64-bit integers have every operator of bigint', () => {
  const Wide = actor('Wide', {
    state: { u: array(u64, 9), i: array(i64, 6), less: bool, f: f64 },
    messages: { Go: { a: u64, b: i64, n: u32 } },
    on: {
      Go(ctx, { a, b, n }) {
        const { u, i } = ctx.state;
        u[0] = a + 1n;
        u[1] = a * a - 3n;
        u[2] = a / 7n;
        u[3] = a % 1000n;
        u[4] = (a << 3n) ^ (a >> 60n);
        u[5] = (a & 0xffff_0000n) | 5n;
        u[6] = ~a;
        u[7] = BigInt.asUintN(64, b);
        u[8] = u64(n) << u64(n);
        i[0] = -b;
        i[1] = b / 2n;
        i[2] = b % 10n;
        i[3] = b >> 1n;
        i[4] = i64(a);
        i[5] = i64(-2.75);
        ctx.state.less = b < -5n && a > 5n;
        ctx.state.f = f64(b) / 4;
      },
    },
  });
  const a = 0xfedc_ba98_7654_3210n;
  const b = -0x7000_0000_0000_0011n;
  const { state } = runActor(Wide, [{ type: 'Go', fields: { a, b, n: 33 } }]);
  const w = (x: bigint): bigint => BigInt.asUintN(64, x);
  expect(state.u).toEqual([
    w(a + 1n),
    w(a * a - 3n),
    a / 7n,
    a % 1000n,
    w(a << 3n) ^ (a >> 60n),
    (a & 0xffff_0000n) | 5n,
    w(~a),
    w(b),
    33n << 33n,
  ]);
  expect(state.i).toEqual([-b, b / 2n, b % 10n, b >> 1n, BigInt.asIntN(64, a), -2n]);
  expect(state.less).toBe(true);
  expect(state.f).toBe(Number(b) / 4);
  expect(compile(Wide).program.module.requires).toEqual(['f64']);
});

test('arrays and structs are copied whole', () => {
  const Book = actor('Book', {
    state: {
      last: struct(tick),
      all: array(struct(tick), 3),
      spare: array(struct(tick), 3),
      grid: array(struct({ row: array(u32, 12) }), 2),
    },
    messages: { Tick: { at: u32, tick: struct(tick) }, Get: ask({ at: u32 }, { t: struct(tick) }) },
    emits: { Seen: { price: f32, tick: struct(tick), all: array(struct(tick), 3) } },
    on: {
      Tick(ctx, m) {
        const s = ctx.state;
        s.last = m.tick;
        s.all[m.at] = m.tick;
        s.spare = s.all;
        s.spare[2] = s.all[m.at] as typeof s.last;
        s.grid[m.at] = { row: [1, m.at, 3] };
        s.grid[1 - i32(m.at)] = s.grid[m.at] as { row: number[] };
        ctx.emit('Seen', { price: m.tick.price, tick: s.all[m.at] as typeof s.last, all: s.all });
      },
      Get(ctx, m) {
        ctx.reply({
          t: ctx.state.all[m.at] as { price: number; flags: number[]; sizes: number[] },
        });
      },
    },
  });
  const t = { price: 1.5, flags: [1, 0, 255], sizes: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] };
  const { state, outputs } = runActor(Book, [
    { type: 'Tick', fields: { at: 1, tick: t } },
    { type: 'Get', fields: { at: 1 } },
  ]);
  const none = { price: 0, flags: [0, 0, 0], sizes: new Array(10).fill(0) };
  const row = [1, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  expect(state).toEqual({
    last: t,
    all: [none, t, none],
    spare: [none, t, t],
    grid: [{ row }, { row }],
  });
  expect(outputs).toEqual([
    { kind: 'emit', type: 'Seen', fields: { price: 1.5, tick: t, all: [none, t, none] } },
    { kind: 'reply', type: 'Get', fields: { t } },
  ]);
});

test('structs and arrays are written out, spread and forwarded', () => {
  const origin = [0.5, 1, 2];
  const Shape = actor('Shape', {
    state: { at: struct({ x: f32, y: f32, tag: array(u32, 4) }), flag: bool },
    messages: {
      Move: { x: f32, y: f32, tag: array(u32, 4) },
      Here: { x: f32, y: f32, tag: array(u32, 4) },
    },
    emits: {
      At: { shape: u32, at: struct({ x: f32, y: f32, tag: array(u32, 4) }), base: array(f32, 4) },
    },
    on: {
      Move(ctx, m) {
        const s = ctx.state;
        s.at = { x: m.x * 2, y: s.at.x, tag: [7, ctx.self] };
        ctx.send(ctx.sender, 'Here', m);
        ctx.send(ctx.sender, 'Here', { ...m, x: 9 });
        ctx.send(ctx.sender, 'Here', { ...s.at });
        ctx.emit('At', { shape: 3, at: { x: 1, y: 2, tag: m.tag }, base: origin });
      },
      Here() {},
    },
  });
  const fields = { x: 1.25, y: 3, tag: [1, 2, 3, 4] };
  const { state, outputs } = runActor(Shape, [{ type: 'Move', fields, sender: 77 }]);
  const at = { x: 2.5, y: 0, tag: [7, 64, 0, 0] };
  expect(state).toEqual({ at, flag: false });
  const send = { kind: 'send', type: 'Here', to: 77, priority: 1 };
  expect(outputs).toEqual([
    { ...send, fields },
    { ...send, fields: { ...fields, x: 9 } },
    { ...send, fields: at },
    {
      kind: 'emit',
      type: 'At',
      fields: { shape: 3, at: { x: 1, y: 2, tag: [1, 2, 3, 4] }, base: [0.5, 1, 2, 0] },
    },
  ]);
});

test('a reference decides whose message is sent', () => {
  const Sink = actor('Sink', {
    state: {},
    messages: { Put: { value: f32 } },
    on: { Put() {} },
  });
  const Source: AnyActor = actor('Source', {
    state: {
      sink: ref(() => Sink),
      any: ref(),
      sinks: array(
        ref(() => Sink),
        2,
      ),
    },
    messages: { Wire: { sink: ref(() => Sink) }, Put: { value: u32 } },
    on: {
      Wire(ctx, m) {
        const s = ctx.state;
        s.sink = m.sink;
        s.any = m.sink;
        s.sinks[1] = m.sink;
        const { sink } = m;
        const far = ctx.index > 5 ? s.sink : sink;
        ctx.send(s.sink, 'Put', { value: 1.5 }, { priority: 'high' });
        ctx.send(s.sinks[1] as typeof s.sink, 'Put', { value: 2.5 }, { priority: 'low' });
        ctx.send(far, 'Put', { value: 3.5 }, { priority: 'critical' });
        ctx.send(s.any, 'Put', { value: 4 });
        ctx.send(ctx.at(2), 'Put', { value: 5 }, { priority: 'normal' });
        ctx.send(ctx.self, 'Put', { value: ctx.instances });
        ctx.send(ctx.at(3), 'Put', { value: 6 });
      },
      Put() {},
    },
  });
  const { outputs } = runActor(Source, [{ type: 'Wire', fields: { sink: 200 } }], {
    instances: 3,
    others: [compile(Sink)],
  });
  expect(outputs.map(({ to, priority, fields }) => [to, priority, fields])).toEqual([
    [200, 2, { value: 1.5 }],
    [200, 0, { value: 2.5 }],
    [200, 3, { value: 3.5 }],
    [200, 1, { value: 4 }],
    [66, 1, { value: 5 }],
    [64, 1, { value: 3 }],
    [0xffffffff, 1, { value: 6 }],
  ]);
});

test('faults name the index, and the handler goes on', () => {
  const Faulty = actor('Faulty', {
    state: { xs: array(u32, 4), sum: u32 },
    messages: { Go: { at: u32 }, Stop: { code: u32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.xs[m.at] = 5;
        s.sum = (s.xs[m.at] as number) + 1;
        s.sum += m.at > 100 ? (s.xs[m.at - 100] as number) : 10;
      },
      Stop(ctx, m) {
        ctx.state.sum = 1;
        if (m.code !== 0) ctx.fail(m.code);
        ctx.state.sum = 2;
      },
    },
  });
  const go = (at: number) => runActor(Faulty, [{ type: 'Go', fields: { at } }]);
  expect(go(3)).toMatchObject({ state: { sum: 16 }, faults: [] });
  expect(go(9)).toMatchObject({ state: { sum: 11 }, faults: [{ site: 'RK5001', value: 9 }] });
  const stopped = runActor(Faulty, [{ type: 'Stop', fields: { code: 42 } }]);
  expect(stopped).toMatchObject({ state: { sum: 1 }, faults: [{ site: 'RK5003', value: 42 }] });
});

test('reductions add in lanes, and take blocks', () => {
  const Reduce = actor('Reduce', {
    state: {
      xs: array(i32, 100),
      sum: i32,
      min: i32,
      max: i32,
      big: u64,
      f: f32,
      w: array(u32, 8),
    },
    messages: { Go: { n: i32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        ctx.parallelFor(s.xs.length, (i) => {
          const even = i % 2 === 0;
          let x = i32(i);
          if (even) x = -x;
          s.xs[i] = x;
        });
        s.sum = ctx.sum(m.n, (i) => {
          const x = s.xs[i] as number;
          return x * x;
        });
        s.min = ctx.min(100, (i) => s.xs[i] as number) + 1;
        s.max = ctx.max(100, (i) => s.xs[i] as number);
        s.big = ctx.sum(10, (i) => u64(i));
        s.f = ctx.sum(3, () => 0.5);
        ctx.parallelFor(8, (i) => {
          s.w[i] = s.w[i] as number;
          for (let k = 0; k < 3; k++) (s.w[i] as number) += k;
        });
      },
    },
  });
  const { state } = runActor(Reduce, [{ type: 'Go', fields: { n: 5 } }]);
  expect(state).toMatchObject({ sum: 30, min: -97, max: 99, big: 45n, f: 1.5 });
  expect(state.w).toEqual(new Array(8).fill(3));
  expect(runActor(Reduce, [{ type: 'Go', fields: { n: -5 } }]).state.sum).toBe(0);
});

test('the context knows addresses, the clock and draws', () => {
  const Known = actor('Known', {
    state: { self: u32, sender: u32, index: u32, instances: u32, now: u64, draw: f32, word: u32 },
    messages: { Go: {} },
    on: {
      Go({ state, self, sender, index, instances, now, random, randomU32 }) {
        state.self = self;
        state.sender = sender;
        state.index = index;
        state.instances = instances;
        state.now = now();
        state.draw = random();
        state.word = randomU32();
      },
    },
  });
  const deliveries = [{ type: 'Go', instance: 2, sender: 9, microseconds: 5n }];
  const { states } = runActor(Known, deliveries, { instances: 3 });
  const expected = { self: 66, sender: 9, index: 2, instances: 3, now: 5n << 12n };
  expect(states[2]).toMatchObject(expected);
  const again = runActor(Known, deliveries, { instances: 3, seed: 8 });
  expect(again.states[2]?.word).not.toBe(states[2]?.word);
});

test('literals become what they meet', () => {
  const Literals = actor('Literals', {
    state: { f: f32, d: f64, u: u32, i: i32, b: u64 },
    messages: { Go: {} },
    on: {
      Go(ctx) {
        const s = ctx.state;
        let sum = 0;
        for (let i = 0; i < 3; i++) sum += s.f + 0.1;
        s.f = sum;
        let count = 0;
        count = count + 1;
        s.u = count - 2;
        let double = 1 / 3;
        double += s.d;
        s.d = double;
        let later: number;
        if (s.u > 5) later = 7;
        else later = 8;
        s.i = later * -3;
        s.i ^= 0xffffff00 ^ -1;
        s.b = 1n << 40n;
      },
    },
  });
  const { state } = runActor(Literals, [{ type: 'Go' }]);
  const r = Math.fround;
  expect(state).toEqual({
    f: r(r(r(0.1) + r(0.1)) + r(0.1)),
    d: 1 / 3,
    u: 0xffffffff,
    i: -21 ^ 0xff,
    b: 1n << 40n,
  });
});

const SIZE = 9;
const weights = [0.25, 0.5, 1];

test('for of goes over arrays of the state, the message and from outside', () => {
  const Of = actor('Of', {
    state: {
      xs: array(u32, 4),
      ticks: array(struct({ price: f32, count: u32 }), 2),
      rows: array(struct({ cells: array(i16, 3) }), 2),
      sum: u32,
      pairs: u32,
      value: f32,
      weight: u32,
      cells: i32,
      next: u32,
    },
    messages: { Go: { ys: array(u32, 4) } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.xs = m.ys;
        for (const x of s.xs) {
          if (x === 2) continue;
          if (x === 9) break;
          s.sum += x;
          for (const y of m.ys) s.pairs += x * y;
        }
        for (const tick of s.ticks) {
          tick.count += 3;
          tick.price = f32(tick.count) * 0.5;
        }
        for (let x of s.xs) {
          x += 1;
          s.weight += x;
        }
        for (const w of weights) s.value += w;
        // biome-ignore lint/style/noNonNullAssertion: the index is 0.
        for (const cell of s.rows[s.next++]!.cells) s.cells += cell + 1;
      },
    },
  });
  const { state } = runActor(Of, [{ type: 'Go', fields: { ys: [1, 2, 5, 9] } }]);
  expect(state).toMatchObject({
    sum: 6,
    pairs: 6 * 17,
    weight: 21,
    value: 1.75,
    cells: 3,
    next: 1,
  });
  expect(state.ticks).toEqual([1.5, 1.5].map((price) => ({ price, count: 3 })));
});

test('powers are Math.pow, and literals where both sides are', () => {
  const Powers = actor('Powers', {
    state: { f: f32, d: f64, u: u32, big: u64, small: f32, cube: f32 },
    messages: { Go: { x: f32, d: f64 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.f = m.x ** 2.5;
        s.d = 2 ** m.d;
        s.u = 2 ** 31 + SIZE ** 2;
        s.big = 2n ** 63n;
        s.small = 2 ** -24;
        s.cube = m.x;
        s.cube **= 3;
      },
    },
  });
  const { state } = runActor(Powers, [{ type: 'Go', fields: { x: 1.5, d: 0.5 } }]);
  expect(state).toEqual({
    f: Math.fround(1.5 ** 2.5),
    d: Math.SQRT2,
    u: 2 ** 31 + 81,
    big: 2n ** 63n,
    small: 2 ** -24,
    cube: 3.375,
  });
});
