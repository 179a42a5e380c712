import { actor, array, f32, u32 } from '@ringkernel/core';

export const Vector = actor('Vector', {
  state: { n: u32, norm: f32, xs: array(f32, 64) },
  messages: { Fill: { n: u32, scale: f32 }, Normalise: { rounds: u32, eps: f32 } },
  on: {
    Fill(ctx, m) {
      const s = ctx.state;
      s.n = m.n;
      ctx.parallelFor(s.n, (i) => {
        s.xs[i] = f32(i) * m.scale;
      });
    },
    Normalise(ctx, m) {
      const s = ctx.state;
      for (let k = 0; k < m.rounds; k++) {
        s.norm = Math.sqrt(ctx.sum(s.n, (i) => (s.xs[i] as number) * (s.xs[i] as number)));
        if (s.norm > m.eps) {
          const inv = 1 / s.norm;
          ctx.parallelFor(s.n, (i) => {
            s.xs[i] = (s.xs[i] as number) * inv;
          });
        }
      }
    },
  },
});
