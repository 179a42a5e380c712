import { actor, array, f16, f32, u32, u64 } from '@ringkernel/core';
import { type CaseList, caseList } from '../case.ts';

/** Parallel sections: whether rounds run at once or in order must not show. */
export const sections: CaseList = caseList('sections');

const size = 150;

const Sections = actor('Sections', {
  state: {
    xs: array(u32, size),
    sums: array(u32, size),
    bins: array(u32, 8),
    wide: array(u64, size),
    halves: array(f16, size),
    bits: u32,
  },
  messages: { Go: { n: u32, factor: u32 } },
  emits: { Result: { sum: u32, least: u32, most: u32, last: u32, bins: array(u32, 8), half: f32 } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.xs[i] = Math.imul(i, m.factor) >>> 20;
        s.halves[i] = f32(i) * 0.25;
      });
      ctx.parallelFor(m.n, (i) => {
        const x = s.xs[i] as number;
        (s.bins[x % 8] as number) += 1;
        s.bits ^= x;
      });
      ctx.scan(
        m.n,
        (i) => s.xs[i] as number,
        (i, sum) => {
          s.sums[i] = sum;
        },
      );
      ctx.scan(
        m.n,
        (i) => u64(s.xs[i] as number) << 32n,
        (i, sum) => {
          s.wide[i] = sum;
        },
      );
      let last = u32(0);
      for (const sum of s.sums) last = Math.max(last, sum);
      const half = ctx.sum(m.n, (i) => s.halves[i] as number);
      ctx.emit('Result', {
        sum: ctx.sum(m.n, (i) => s.xs[i] as number),
        least: ctx.min(m.n, (i) => s.xs[i] as number),
        most: ctx.max(m.n, (i) => s.xs[i] as number),
        last,
        bins: s.bins,
        half,
      });
    },
  },
});

sections.lockstep('sums, prefix sums and counts agree with the reference', async (t) => {
  const kernel = await t.launch(Sections, { instances: 3 });
  for (const [i, n] of [0, 1, 63, 64, 65, 128, size].entries()) {
    await kernel.inject(i % 3, 'Go', { n, factor: 0x9e3779b1 });
    await t.step();
  }
});
