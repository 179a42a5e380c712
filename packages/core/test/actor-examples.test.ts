// biome-ignore-all lint/style/noNonNullAssertion: in handlers it means nothing, see below.
import {
  actor,
  array,
  ask,
  describe as describeActor,
  f32,
  i32,
  ref,
  targetsOf,
  u32,
  u64,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';

// The examples of the language's description. That they compile under `tsc -p tsconfig.test.json` is half the test.
// `!` after an index is what `noUncheckedIndexedAccess`, which this project has on, asks for; it means nothing here.

const Counter = actor('Counter', {
  state: { count: u32, total: u64, low: i32 },
  messages: {
    Inc: { by: u32 },
    Dec: { by: i32 },
    Get: ask({}, { count: u32, total: u64, low: i32 }),
  },
  emits: { Milestone: { count: u32 } },
  on: {
    Inc(ctx, m) {
      ctx.state.count += m.by;
      ctx.state.total += u64(m.by);
      if (ctx.state.count % 1000 === 0) ctx.emit('Milestone', { count: ctx.state.count });
    },
    Dec(ctx, m) {
      ctx.state.low -= m.by;
      if (ctx.state.low < 0) ctx.state.count -= 1;
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count, total: ctx.state.total, low: ctx.state.low });
    },
  },
});

const ALPHA = 0.125;
const EDGES = new Float32Array([-2, -1, 0, 1, 2]);
function bucket(x: number): number {
  let b = u32(0);
  for (let i = 0; i < EDGES.length; i++) if (x >= EDGES[i]!) b += 1;
  return b;
}

const Stats = actor('Stats', {
  state: { n: u32, mean: f32, m2: f32, min: f32, max: f32, ewma: f32, hist: array(u32, 6) },
  messages: {
    Sample: { x: f32 },
    Batch: { n: u32, xs: array(f32, 8) },
    Report: ask({}, { n: u32, mean: f32, variance: f32, stddev: f32, hist: array(u32, 6) }),
  },
  emits: { Outlier: { x: f32, sigma: f32 } },
  on: {
    Sample(ctx, { x }) {
      ctx.state.n += 1;
      ctx.state.mean += (x - ctx.state.mean) / f32(ctx.state.n);
    },
    Batch(ctx, m) {
      const s = ctx.state;
      for (let i = 0; i < m.xs.length; i++) {
        if (i >= m.n) break;
        const x = m.xs[i]!;
        s.n += 1;
        const d = x - s.mean;
        s.mean += d / f32(s.n);
        s.m2 += d * (x - s.mean);
        s.min = s.n === 1 ? x : Math.min(s.min, x);
        s.max = s.n === 1 ? x : Math.max(s.max, x);
        s.ewma = s.ewma * (1 - ALPHA) + x * ALPHA;
        s.hist[bucket(x)]! += 1;
        const sd = s.n > 1 ? Math.sqrt(s.m2 / f32(s.n - 1)) : 0;
        if (s.n > 8 && Math.abs(x - s.mean) > 3 * sd) {
          ctx.emit('Outlier', { x, sigma: Math.abs(x - s.mean) / sd });
        }
      }
    },
    Report(ctx) {
      const s = ctx.state;
      const variance = s.n > 1 ? s.m2 / f32(s.n - 1) : 0;
      ctx.reply({ n: s.n, mean: s.mean, variance, stddev: Math.sqrt(variance), hist: s.hist });
    },
  },
});

const Ring = actor('Ring', {
  state: { next: ref(), seen: u32, hash: u32, trace: array(u32, 4), drift: f32 },
  messages: { Wire: { next: u32 }, Token: { hops: i32, value: u32 } },
  emits: { Done: { value: u32, hash: u32, drift: f32 } },
  on: {
    Wire(ctx, m) {
      ctx.state.next = m.next;
    },
    Token(ctx, m) {
      const s = ctx.state;
      s.seen++;
      s.trace[s.seen % 4] = m.value;
      let v = m.value;
      v ^= v << 13;
      v ^= v >>> 17;
      v ^= v << 5;
      s.hash = Math.imul(s.hash ^ v, 0x01000193) + ctx.self;
      s.drift += ctx.random() - 0.5;
      if (m.hops > 0) ctx.send(s.next, 'Token', { hops: m.hops - 1, value: v });
      else ctx.emit('Done', { value: v, hash: s.hash, drift: s.drift });
    },
  },
});

const Vector = actor('Vector', {
  state: { n: u32, norm: f32, xs: array(f32, 200) },
  messages: { Fill: { n: u32, xs: array(f32, 200) }, Normalise: { rounds: u32, eps: f32 } },
  on: {
    Fill(ctx, m) {
      ctx.state.n = m.n;
      ctx.state.xs = m.xs;
    },
    Normalise(ctx, m) {
      const s = ctx.state;
      for (let k = 0; k < m.rounds; k++) {
        s.norm = Math.sqrt(ctx.sum(s.n, (i) => s.xs[i]! * s.xs[i]!));
        if (s.norm > m.eps) {
          const inv = 1 / s.norm;
          ctx.parallelFor(s.n, (i) => {
            s.xs[i] = s.xs[i]! * inv;
          });
        }
      }
    },
  },
});

// Two actors that name each other, with no annotation.
const Ping = actor('Ping', {
  state: { peer: ref(() => Pong), left: u32 },
  messages: { Start: { peer: ref(() => Pong), rounds: u32 }, Back: { value: u32 } },
  on: {
    Start(ctx, m) {
      ctx.state.peer = m.peer;
      ctx.state.left = m.rounds;
      ctx.send(ctx.state.peer, 'Ball', { value: 0, from: ctx.self }, { priority: 'high' });
    },
    Back(ctx, m) {
      if (ctx.state.left === 0) return;
      ctx.state.left -= 1;
      ctx.send(ctx.state.peer, 'Ball', { value: m.value + 1, from: ctx.self });
    },
  },
});

const Pong = actor('Pong', {
  state: {},
  messages: { Ball: { value: u32, from: ref(() => Ping) } },
  on: {
    Ball(ctx, m) {
      ctx.send(m.from, 'Back', { value: m.value });
    },
  },
});

describe('the examples of the language', () => {
  test('lay out their states and messages', () => {
    const counter = describeActor(Counter);
    expect(counter.state.fields.map((field) => field.offset)).toEqual([0, 8, 16]);
    expect(counter.state.size).toBe(24);
    expect(counter.messages.map((message) => message.name)).toEqual(['Inc', 'Dec', 'Get']);
    expect(counter.messages[2]?.reply?.layout.size).toBe(24);
    expect(counter.emits.map((emit) => emit.name)).toEqual(['Milestone']);
    expect(describeActor(Stats).messages[1]?.layout.size).toBe(36);
    expect(describeActor(Ring).state.size).toBe(32);
    expect(describeActor(Vector).state.size).toBe(808);
  });

  test('actors that refer to each other are described by name', () => {
    expect(describeActor(Ping).state.fields[0]?.type).toEqual({ kind: 'ref', actor: 'Pong' });
    expect(targetsOf(Ping).get('Pong')).toBe(Pong);
    expect(targetsOf(Pong).get('Ping')).toBe(Ping);
    expect([...targetsOf(Ring)]).toEqual([]);
  });

  test('are described once', () => {
    expect(describeActor(Counter)).toBe(describeActor(Counter));
  });
});
