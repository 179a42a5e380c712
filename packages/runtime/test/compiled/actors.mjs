import { actor, array, ask, ref, u32, u64 } from '@ringkernel/runtime';

const step = 3;
const weights = [1, 2, 4];
const helpers = { twice: (x) => x + x };

/** Reads a number, a table and a function from outside, and can fault. */
export const Adder = actor('Adder', {
  state: { sum: u32, wide: u64, slots: array(u32, 2), next: ref() },
  messages: { Add: { by: u32 }, Get: ask({}, { sum: u32, wide: u64 }) },
  on: {
    Add(ctx, m) {
      ctx.state.sum += helpers.twice(m.by) * step + weights[m.by % 3];
      ctx.state.wide += 5_000_000_000n;
      if (m.by > 100) ctx.state.slots[m.by] = 1;
    },
    Get(ctx) {
      ctx.reply({ sum: ctx.state.sum, wide: ctx.state.wide });
    },
  },
});
