import { actor, ask, i32, u32, u64 } from '@ringkernel/core';

export const Counter = actor('Counter', {
  state: { count: u32, total: u64, low: i32 },
  messages: {
    Inc: { by: u32 },
    Dec: { by: i32 },
    Get: ask({}, { count: u32, total: u64, low: i32 }),
  },
  on: {
    Inc(ctx, m) {
      ctx.state.count += m.by; // wraps at 2^32 on every backend
      ctx.state.total += u64(m.by); // a bigint: 64 bits
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
