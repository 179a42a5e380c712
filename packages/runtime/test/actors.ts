import { actor, array, ask, type Runtime, u32, u64 } from '@ringkernel/runtime';
import { expect } from 'vitest';

/** The actor of the front page. */
export const Counter = actor('Counter', {
  state: { count: u32, total: u64 },
  messages: { Add: { by: u32 }, Get: ask({}, { count: u32, total: u64 }) },
  emits: { Milestone: { count: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += 1;
      ctx.state.total += u64(m.by);
      if (ctx.state.count % 1000 === 0) ctx.emit('Milestone', { count: ctx.state.count });
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count, total: ctx.state.total });
    },
  },
});

/** Does each of the things that can go well or wrong when one message is handled. */
export const Probe = actor('Probe', {
  state: { seen: u32, list: array(u32, 4) },
  messages: {
    Note: { value: u32 },
    Echo: ask({ value: u32 }, { value: u32, index: u32, seen: u32 }),
    Silent: ask({ value: u32 }, { value: u32 }),
    Tell: { count: u32, base: u32 },
    Other: { value: u32 },
    Reach: ask({ at: u32 }, { value: u32 }),
    Fail: ask({ code: u32 }, { value: u32 }),
    Write: { values: array(u32, 4) },
    Forward: { to: u32, value: u32 },
    Burn: { turns: u32 },
  },
  emits: { Told: { value: u32, index: u32 }, Aside: { value: u32 } },
  on: {
    Note(ctx) {
      ctx.state.seen += 1;
    },
    Echo(ctx, m) {
      ctx.state.seen += 1;
      ctx.reply({ value: m.value, index: ctx.index, seen: ctx.state.seen });
    },
    Silent(ctx) {
      ctx.state.seen += 1;
    },
    Tell(ctx, m) {
      for (let i = u32(0); i < m.count; i++) {
        ctx.emit('Told', { value: m.base + i, index: ctx.index });
      }
    },
    Other(ctx, m) {
      ctx.emit('Aside', { value: m.value });
    },
    Reach(ctx, m) {
      ctx.reply({ value: ctx.state.list[m.at] as number });
    },
    Fail(ctx, m) {
      ctx.fail(m.code);
    },
    Write(ctx, m) {
      for (let i = 0; i < 4; i++) ctx.state.list[i] = m.values[i] as number;
    },
    Forward(ctx, m) {
      ctx.send(m.to, 'Note', { value: m.value });
    },
    Burn(ctx, m) {
      let x = u32(1);
      for (let i = u32(0); i < m.turns; i++) x = x * 1664525 + 1013904223;
      ctx.state.seen += x & 1;
    },
  },
});

/** The identity that every program must keep: what was sent is somewhere, and counted once. */
export async function expectNothingLost(runtime: Runtime): Promise<void> {
  await runtime.settled();
  expectCounted(runtime);
}

export function expectCounted(runtime: Runtime): void {
  const { sent, handled, rejected, deadLettered, pending } = runtime.summary().counts;
  expect(handled + rejected + deadLettered + pending).toBe(sent);
}
