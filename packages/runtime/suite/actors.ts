import { actor, ask, ref, u32 } from '@ringkernel/runtime';

/** Remembers what it was told. */
export const Ledger = actor('Ledger', {
  state: { entries: u32, sum: u32, last: u32 },
  messages: { Enter: { value: u32 }, Read: ask({}, { entries: u32, sum: u32, last: u32 }) },
  on: {
    Enter(ctx, m) {
      ctx.state.entries += 1;
      ctx.state.sum += m.value;
      ctx.state.last = m.value;
    },
    Read(ctx) {
      ctx.reply({ entries: ctx.state.entries, sum: ctx.state.sum, last: ctx.state.last });
    },
  },
});

/** Says again what it hears, in the order it hears it. */
export const Parrot = actor('Parrot', {
  state: { heard: u32 },
  messages: { Hear: { value: u32 } },
  emits: { Said: { value: u32 } },
  on: {
    Hear(ctx, m) {
      ctx.state.heard += 1;
      ctx.emit('Said', { value: m.value });
    },
  },
});

/** Tells a ledger what it is told, by its address. */
export const Courier = actor('Courier', {
  state: { brought: u32 },
  messages: { Bring: { to: ref(() => Ledger), value: u32 } },
  on: {
    Bring(ctx, m) {
      ctx.state.brought += 1;
      ctx.send(m.to, 'Enter', { value: m.value });
    },
  },
});

/** Adds up, and faults when it is told to. */
export const Fragile = actor('Fragile', {
  state: { sum: u32, half: u32 },
  messages: { Add: { value: u32 }, Break: ask({ code: u32 }, { never: u32 }) },
  on: {
    Add(ctx, m) {
      ctx.state.sum += m.value;
    },
    Break(ctx, m) {
      ctx.state.half = m.code;
      ctx.fail(m.code);
      ctx.reply({ never: 1 });
    },
  },
});

/** Answers who speaks to it, where it can. */
export const Pal = actor('Pal', {
  state: { pongs: u32 },
  messages: { Ping: { value: u32 }, Pong: { value: u32 } },
  emits: { Heard: { value: u32, sender: u32 } },
  on: {
    Ping(ctx, m) {
      ctx.emit('Heard', { value: m.value, sender: ctx.sender });
      if (ctx.sender !== 0) ctx.send(ctx.sender, 'Pong', { value: m.value });
    },
    Pong(ctx, m) {
      ctx.state.pongs += m.value;
    },
  },
});

/** Says again what it hears until it is broken. */
export const Brittle = actor('Brittle', {
  state: { heard: u32 },
  messages: { Hear: { value: u32 }, Break: ask({ code: u32 }, { never: u32 }) },
  emits: { Said: { value: u32 } },
  on: {
    Hear(ctx, m) {
      ctx.state.heard += 1;
      ctx.emit('Said', { value: m.value });
    },
    Break(ctx, m) {
      ctx.fail(m.code);
      ctx.reply({ never: 1 });
    },
  },
});
