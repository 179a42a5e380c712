import * as words from '@ringkernel/core';
import { actor, array, ask, f32, i32, u32, u64, u32 as word } from '@ringkernel/core';
import twice, { clampTo, parity as isEven, LIMITS, STEP, weights } from './constants.ts';

const SALT = 0x9e3779b1;

function make(offset: number) {
  return actor('Built', {
    state: { n: u32, sum: i32, total: u64, mean: f32, hits: array(u32, 4), low: i32 },
    messages: { Add: { by: u32, x: f32 }, Get: ask({}, { n: u32, total: u64, mean: f32 }) },
    emits: { Even: { n: u32, at: u32 } },
    on: {
      Add(ctx, m) {
        const s = ctx.state;
        s.n += 1;
        s.total += u64(m.by) * 3n;
        s.sum = clampTo(i32(m.by) - 5 + offset, LIMITS.low, LIMITS.high);
        s.mean += (m.x - s.mean) / f32(s.n);
        for (let i = 0; i < weights.length; i++) {
          if (m.x > (weights[i] as number) && i32(m.by) > LIMITS.low) s.hits[i] = twice(m.by);
        }
        switch (m.by % 4) {
          case 0:
            s.low -= 1;
            break;
          case 1:
          case 2:
            s.low += STEP;
            break;
          default:
            s.low = words.i32(word(s.n) ^ SALT);
        }
        if (isEven(s.n) && m.by !== 0) ctx.emit('Even', { n: s.n, at: ctx.index });
        else if (s.n > 100) ctx.fail(1);
      },
      Get: (ctx) => ctx.reply({ n: ctx.state.n, total: ctx.state.total, mean: ctx.state.mean }),
    },
  });
}

export const Built: ReturnType<typeof make> = make(STEP - 1);

export const Wrong: words.AnyActor = actor('Wrong', {
  state: { n: u32, f: f32 },
  messages: { Go: { by: u32 } },
  on: {
    Go(ctx, m) {
      if (m.by !== 3) ctx.state.n = m.by / 2;
      ctx.state.f = m.by;
    },
  },
});
