import { actor, array, ask, f32, ref, struct, u8, u32 } from '@ringkernel/core';

const LEVELS = [1, 2, 5, 10]; // read when the actor is compiled
const FEES = { maker: 0.0001, taker: 0.0004 };

// A helper: compiled once for each list of argument types.
function fee(price: number, rate: number): number {
  return Math.max(price * rate, 0.01);
}

const tick = { price: f32, quantity: u32, side: u8 };

export const Audit = actor('Audit', {
  state: { seen: u32 },
  messages: { Traded: { price: f32, level: u32 } },
  on: {
    Traded(ctx) {
      ctx.state.seen += 1;
    },
  },
});

export const Book = actor('Book', {
  state: {
    audit: ref(() => Audit),
    last: struct(tick),
    history: array(struct(tick), 16),
    count: u32,
    fees: f32,
  },
  messages: {
    Connect: { audit: ref(() => Audit) },
    Trade: { tick: struct(tick), level: u32 },
    Last: ask({}, { tick: struct(tick), fees: f32 }),
  },
  on: {
    Connect(ctx, { audit }) {
      ctx.state.audit = audit;
    },
    Trade(ctx, m) {
      const s = ctx.state; // another name, not a copy
      s.last = m.tick; // structs and arrays are copied whole
      s.history[s.count % 16] = m.tick;
      s.count += 1;
      switch (m.tick.side) {
        case 0:
          s.fees += fee(m.tick.price, FEES.maker);
          break;
        case 1:
          s.fees += fee(m.tick.price, FEES.taker);
          break;
        default:
          ctx.fail(1); // this instance has failed; its supervisor decides
      }
      if (m.level >= LEVELS.length) return;
      const level = LEVELS[m.level] as number;
      ctx.send(s.audit, 'Traded', { price: m.tick.price, level }, { priority: 'high' });
    },
    Last(ctx) {
      ctx.reply({ tick: ctx.state.last, fees: ctx.state.fees });
    },
  },
});
