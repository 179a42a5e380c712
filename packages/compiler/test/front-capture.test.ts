// biome-ignore-all lint/style/noNonNullAssertion: indices are in range
import { checkActor, compile, describeSite } from '@ringkernel/compiler';
import { actor, array, bool, f32, i32, u8, u32, u64 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { runActor } from './run-actor.ts';
import * as shared from './shared-constants.ts';
import { clampTo, LIMIT as renamed, weights } from './shared-constants.ts';

const { sqrt } = Math;
const word = u32;

const step = 3;
const big = 1n << 40n;
const on = true;
const limits = { low: -2, high: 9, inner: { deep: [1, 20, 3] } };
const table = [5, 6, 7, 8];
const halves = [0.5, 1.5, 2];
const bytes = new Uint8Array([250, 251, 252]);
const flags = [true, false, true];
const wide = new BigUint64Array([1n, 2n ** 63n]);
const matrix = [
  [1, 2, 3],
  [4, 5, 6],
];
const points = [
  { x: 1.5, tag: 7 },
  { x: 2.5, tag: 8 },
];

function square(x: number): number {
  return x * x;
}

function mix(a: number, b: number, flag: boolean): number {
  if (flag) return square(a) + b;
  return b;
}

const triangle = (n: number): number => {
  let total = 0;
  for (let i = 1; i <= n; i++) total += i;
  return total;
};

test('numbers, objects and words from around the actor', () => {
  const factor = 4;
  const Captures = actor('Captures', {
    state: { a: i32, b: u64, c: bool, d: i32, e: u32, f: f32, g: u32 },
    messages: { Go: { k: u32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.a = limits.low * step + limits.inner.deep[1]!;
        s.b = big + u64(m.k);
        s.c = on;
        s.d = -factor;
        s.e = word(m.k) + renamed + shared.LIMIT;
        s.f = sqrt(f32(m.k)) + Math.PI;
        const own = limits.inner;
        s.g = own.deep.length;
      },
    },
  });
  const { state } = runActor(Captures, [{ type: 'Go', fields: { k: 16 } }]);
  const f = Math.fround(4 + Math.fround(Math.PI));
  expect(state).toEqual({ a: 14, b: big + 16n, c: true, d: -4, e: 216, f, g: 3 });
});

test('arrays become constant tables', () => {
  const Tables = actor('Tables', {
    state: { i: i32, f: f32, u: u32, c: bool, b: u64, m: i32, x: f32, tag: u32, sum: f32 },
    messages: { Go: { k: u32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        const { k } = m;
        s.i = table[k]!;
        s.f = halves[k]! + weights[k]!;
        s.u = bytes[k]! + 10;
        s.c = flags[k]!;
        s.b = wide[k]!;
        s.m = matrix[k]![2]! * 10 + matrix[1]![k]!;
        s.x = points[k]!.x;
        s.tag = points[k]!.tag;
        const rows = matrix;
        for (let i = 0; i < rows.length; i++) {
          for (let j = 0; j < 3; j++) s.sum += f32(rows[i]![j]!);
        }
      },
    },
  });
  const run = (k: number) => runActor(Tables, [{ type: 'Go', fields: { k } }]);
  expect(run(1).state).toEqual({
    i: 6,
    f: 1.75,
    u: 261,
    c: false,
    b: 2n ** 63n,
    m: 65,
    x: 2.5,
    tag: 8,
    sum: 21,
  });
  expect(run(7).faults).toEqual([{ site: 'RK5001', value: 7 }]);
  const names = compile(Tables).program.module.tables.map(({ name, storage }) => [name, storage]);
  expect(names).toEqual([
    ['table', 'i32'],
    ['halves', 'f32'],
    ['weights', 'f32'],
    ['bytes', 'u8'],
    ['flags', 'bool'],
    ['wide', 'u64'],
    ['matrix', 'i32'],
    ['table', 'i32'],
    ['points', 'f32'],
    ['points', 'u32'],
  ]);
});

test('helpers are compiled for the types they are called with', () => {
  const Helpers = actor('Helpers', {
    state: { i: i32, f: f32, u: u32, t: u32, c: i32 },
    messages: { Go: { k: u32, x: f32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.u = mix(m.k, 1, true);
        s.f = mix(m.x, 0.5, m.k > 3) + square(2);
        s.i = mix(-3, 4, true) + square(-2);
        s.t = triangle(m.k);
        s.c = clampTo(i32(m.k) * 100, -5, limits.high);
      },
    },
  });
  const { state } = runActor(Helpers, [{ type: 'Go', fields: { k: 5, x: 1.5 } }]);
  expect(state).toEqual({ i: 17, f: 6.75, u: 26, t: 15, c: 9 });
});

test('`uses` comes before the closure', () => {
  const Uses = actor('Uses', {
    state: { a: u32, b: u32 },
    messages: { Go: {} },
    uses: { step: 50, missing: 6, table: [1, 2] },
    on: {
      Go(ctx) {
        // @ts-expect-error the name is given in `uses`
        ctx.state.a = step + missing;
        ctx.state.b = table.length;
      },
    },
  });
  expect(runActor(Uses, [{ type: 'Go' }]).state).toEqual({ a: 56, b: 2 });
});

test('values are read once', () => {
  let changing = 1;
  const Once = actor('Once', {
    state: { a: u32 },
    messages: { Go: {} },
    on: {
      Go(ctx) {
        ctx.state.a = changing;
      },
    },
  });
  const image = compile(Once);
  changing = 2;
  expect(compile(Once)).toBe(image);
  expect(runActor(Once, [{ type: 'Go' }]).state).toEqual({ a: 1 });
});

test('the hash is of the program, not of where it stands', () => {
  const make = (by: number, high: number) =>
    actor('Same', {
      state: { a: u32, xs: array(u8, high) },
      messages: { Go: {} },
      on: {
        Go(ctx) {
          ctx.state.a += by;
        },
      },
    });
  const hash = (by: number, high = 4): number => compile(make(by, high)).hash;
  expect(hash(1)).toBe(hash(1));
  expect(hash(2)).not.toBe(hash(1));
  expect(hash(1, 5)).not.toBe(hash(1));
});

test('coverage counters are not part of a handler', () => {
  const counters = { f: [0], s: [0, 0, 0], b: [[0, 0]] };
  // What istanbul makes of a handler.
  const build = new Function(
    'cov_1a2b',
    `return {
      Go(ctx, m) {
        cov_1a2b().f[0]++;
        cov_1a2b().s[0]++;
        ctx.state.a += (cov_1a2b().s[1]++, m.by > 1) ? (cov_1a2b().b[0][0]++, m.by) : (cov_1a2b().b[0][1]++, 0);
        cov_1a2b().s[2]++;
        return cov_1a2b().s[2]++, ctx.state.a > 3 && (cov_1a2b().s[1]++, ctx.emit('Big', { a: ctx.state.a }));
      },
    };`,
  );
  const Covered = actor('Covered', {
    state: { a: u32 },
    messages: { Go: { by: u32 } },
    emits: { Big: { a: u32 } },
    on: build(() => counters),
  });
  const { state, outputs } = runActor(Covered, [{ type: 'Go', fields: { by: 5 } }]);
  expect(state).toEqual({ a: 5 });
  expect(outputs).toEqual([{ kind: 'emit', type: 'Big', fields: { a: 5 } }]);
  expect(counters.s).toEqual([0, 0, 0]);
});

test('without an inspector, `uses` and the words are enough', () => {
  const builtin = process.getBuiltinModule;
  const Blind = actor('Blind', {
    state: { a: u32, b: f32 },
    messages: { Go: { by: u32 } },
    uses: { step, square },
    on: {
      Go(ctx, m) {
        ctx.state.a = square(m.by) * step + u32(1.5);
        ctx.state.b = f32(m.by) + Math.sqrt(4);
      },
    },
  });
  const Lost = actor('Lost', {
    state: { a: u32 },
    messages: { Go: {} },
    on: {
      Go(ctx) {
        ctx.state.a = step;
      },
    },
  });
  try {
    // What an engine without built-in modules looks like.
    Object.assign(process, { getBuiltinModule: undefined });
    const { state } = runActor(Blind, [{ type: 'Go', fields: { by: 3 } }]);
    expect(state).toEqual({ a: 28, b: 5 });
    const [found] = checkActor(Lost);
    expect(found).toMatchObject({ code: 'RK3010', position: { file: null, line: 2 } });
    expect(found?.hint).toContain('uses: { step }');
  } finally {
    process.getBuiltinModule = builtin;
  }
});

test('a fault is described by its place in the file', () => {
  const Faulty = actor('Faulty', {
    state: { xs: array(u32, 2) },
    messages: { Go: { at: u32 } },
    on: {
      Go(ctx, m) {
        ctx.state.xs[m.at] = 1;
      },
    },
  });
  const image = compile(Faulty);
  const { code, at } = image.program.module.sites[1] ?? {};
  expect([code, at]).toEqual(['RK5001', expect.stringMatching(/^Faulty\.Go:2:\d+$/)]);
  expect(describeSite(image, 1)).toMatch(/front-capture\.test\.ts:\d+:22$/);
  expect(describeSite(structuredClone(image), 1)).toBe(at);
});
