import { actor, array, f32, i32, ref, u32 } from '@ringkernel/core';

export const Ring = actor('Ring', {
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
      v ^= v << 5; // exact 32-bit arithmetic
      s.hash = Math.imul(s.hash ^ v, 0x01000193) + ctx.self;
      s.drift += ctx.random() - 0.5; // Philox: the same draws everywhere
      if (m.hops > 0) ctx.send(s.next, 'Token', { hops: m.hops - 1, value: v });
      else ctx.emit('Done', { value: v, hash: s.hash, drift: s.drift });
    },
  },
});
