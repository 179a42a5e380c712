import { actor, array, ask, f32, u32 } from '@ringkernel/core';

const ALPHA = 0.125; // a captured constant
const EDGES = new Float32Array([-2, -1, 0, 1, 2]); // a captured table: constant memory

// A helper: compiled with the handlers that call it.
function bucket(x: number): number {
  let b = u32(0);
  for (let i = 0; i < EDGES.length; i++) if (x >= (EDGES[i] as number)) b += 1;
  return b;
}

export const Stats = actor('Stats', {
  state: { n: u32, mean: f32, m2: f32, min: f32, max: f32, ewma: f32, hist: array(u32, 6) },
  messages: {
    Batch: { n: u32, xs: array(f32, 8) },
    Report: ask({}, { n: u32, mean: f32, variance: f32, stddev: f32, hist: array(u32, 6) }),
  },
  emits: { Outlier: { x: f32, sigma: f32 } },
  on: {
    Batch(ctx, m) {
      const s = ctx.state;
      for (let i = 0; i < m.xs.length; i++) {
        if (i >= m.n) break;
        const x = m.xs[i] as number;
        s.n += 1;
        const d = x - s.mean; // Welford
        s.mean += d / f32(s.n);
        s.m2 += d * (x - s.mean);
        s.min = s.n === 1 ? x : Math.min(s.min, x);
        s.max = s.n === 1 ? x : Math.max(s.max, x);
        s.ewma = s.ewma * (1 - ALPHA) + x * ALPHA;
        (s.hist[bucket(x)] as number) += 1;
        const sd = s.n > 1 ? Math.sqrt(s.m2 / f32(s.n - 1)) : 0;
        if (s.n > 8 && Math.abs(x - s.mean) > 3 * sd) {
          ctx.emit('Outlier', { x, sigma: Math.abs(x - s.mean) / sd });
        }
      }
    },
    Report(ctx) {
      const s = ctx.state;
      const variance = s.n > 1 ? s.m2 / f32(s.n - 1) : 0;
      ctx.reply({
        n: s.n,
        mean: s.mean,
        variance,
        stddev: Math.sqrt(variance),
        hist: s.hist,
      });
    },
  },
});
