import { compile, emitJavaScript } from '@ringkernel/compiler';
import { actor, array, u32 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { Counter } from './actors/counter.ts';
import { Ring } from './actors/ring.ts';
import { Stats } from './actors/stats.ts';
import { Vector } from './actors/vector.ts';
import { runActor } from './run-actor.ts';

test('the counter wraps, widens and goes negative', () => {
  const { state, outputs } = runActor(Counter, [
    { type: 'Inc', fields: { by: 0xffffffff } },
    { type: 'Inc', fields: { by: 3 } },
    { type: 'Dec', fields: { by: 5 } },
    { type: 'Get' },
  ]);
  const expected = { count: 1, total: 0x100000002n, low: -5 };
  expect(state).toEqual(expected);
  expect(outputs).toEqual([{ kind: 'reply', type: 'Get', fields: expected }]);
});

/** The same statistics, written again over rounded doubles. */
function reference(xs: readonly number[]) {
  const r = Math.fround;
  let [n, mean, m2, ewma] = [0, 0, 0, 0];
  const hist = [0, 0, 0, 0, 0, 0];
  for (const x of xs.map(r)) {
    n++;
    const d = r(x - mean);
    mean = r(mean + r(d / n));
    m2 = r(m2 + r(d * r(x - mean)));
    ewma = r(r(ewma * 0.875) + r(x * 0.125));
    const index = [-2, -1, 0, 1, 2].filter((edge) => x >= edge).length;
    hist[index] = (hist[index] ?? 0) + 1;
  }
  const variance = r(m2 / (n - 1));
  return { n, mean, variance, stddev: r(Math.sqrt(variance)), hist, ewma };
}

test('the statistics agree with the same sums in rounded doubles', () => {
  const xs = [0.5, -0.25, 1.75, -1.5, 0.1, 0.2, -0.3, 0.4, 0.7, 60];
  const batch = (part: readonly number[]) => ({ n: part.length, xs: part });
  const { state, outputs } = runActor(Stats, [
    { type: 'Batch', fields: batch(xs.slice(0, 8)) },
    { type: 'Batch', fields: batch(xs.slice(8)) },
    { type: 'Report' },
  ]);
  const { ewma, ...report } = reference(xs);
  expect(outputs.at(-1)).toEqual({ kind: 'reply', type: 'Report', fields: report });
  expect(state.ewma).toBe(ewma);
  expect(state.max).toBe(60);
  expect(state.min).toBe(-1.5);
});

test('the token is sent on with its bits mixed, and told at the end', () => {
  const { state, outputs } = runActor(Ring, [
    { type: 'Wire', fields: { next: 99 } },
    { type: 'Token', fields: { hops: 1, value: 12345 } },
    { type: 'Token', fields: { hops: 0, value: 1 } },
  ]);
  const mix = (value: number): number => {
    let v = value;
    v ^= v << 13;
    v ^= v >>> 17;
    v ^= v << 5;
    return v >>> 0;
  };
  const first = mix(12345);
  const hash1 = (Math.imul(first, 0x01000193) + 64) >>> 0;
  const hash2 = (Math.imul(hash1 ^ mix(1), 0x01000193) + 64) >>> 0;
  expect(outputs[0]).toEqual({
    kind: 'send',
    type: 'Token',
    fields: { hops: 0, value: first },
    to: 99,
    priority: 1,
  });
  expect(outputs[1]).toMatchObject({ kind: 'emit', fields: { value: mix(1), hash: hash2 } });
  expect(state.trace).toEqual([0, 12345, 1, 0]);
  expect(state.drift).not.toBe(0);
});

test('the parallel sections divide by a sum over 64 lanes', () => {
  const { state } = runActor(Vector, [
    { type: 'Fill', fields: { n: 3, scale: 2 } },
    { type: 'Normalise', fields: { rounds: 1, eps: 0.5 } },
  ]);
  const norm = Math.fround(Math.sqrt(20));
  const inv = Math.fround(1 / norm);
  expect(state.norm).toBe(norm);
  expect((state.xs as number[]).slice(0, 4)).toEqual([0, 2, 4, 0].map((x) => Math.fround(x * inv)));
  expect(compile(Vector).program.module.requires).toEqual(['parallel']);
});

test('effects inside an index happen once, before the value is read', () => {
  const Order = actor('Order', {
    state: { xs: array(u32, 8), out: u32 },
    messages: { Go: { at: u32 } },
    on: {
      Go(ctx, m) {
        let j = m.at;
        ctx.state.xs[j++ % 8] = j;
        const read = ctx.state.xs[j++ % 8] as number;
        ctx.state.out = read + j;
      },
    },
  });
  const text = emitJavaScript(compile(Order).program.module);
  expect(text.match(/\+ 1\) >>> 0/g)).toHaveLength(2);
  const { state } = runActor(Order, [{ type: 'Go', fields: { at: 3 } }], {
    state: { xs: [0, 0, 0, 0, 70], out: 0 },
  });
  expect(state).toEqual({ xs: [0, 0, 0, 4, 70, 0, 0, 0], out: 75 });
});
