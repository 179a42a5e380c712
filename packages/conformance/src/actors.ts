import { actor, array, ask, bool, f32, i32, ref, u8, u16, u32, u64 } from '@ringkernel/core';

/** The actors the suite launches. Each is the smallest that shows what its cases ask. */

export const Counter = actor('Counter', {
  state: { count: u32, total: u64, low: i32 },
  messages: {
    Add: { by: u32 },
    Sub: { by: i32 },
    Get: ask({}, { count: u32, total: u64, low: i32 }),
  },
  emits: { Milestone: { count: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += 1;
      ctx.state.total += u64(m.by);
      if (ctx.state.count % 10 === 0) ctx.emit('Milestone', { count: ctx.state.count });
    },
    Sub(ctx, m) {
      ctx.state.low -= m.by;
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count, total: ctx.state.total, low: ctx.state.low });
    },
  },
});

/** Emits every message back, so that order can be read off. */
export const Echo = actor('Echo', {
  state: { handled: u32 },
  messages: { Say: { value: u32 }, Ask: ask({ value: u32 }, { value: u32, self: u32 }) },
  emits: { Said: { value: u32, order: u32 } },
  on: {
    Say(ctx, m) {
      ctx.emit('Said', { value: m.value, order: ctx.state.handled });
      ctx.state.handled += 1;
    },
    Ask(ctx, m) {
      ctx.state.handled += 1;
      ctx.reply({ value: m.value, self: ctx.self });
    },
  },
});

/** A token goes round the instances of the kernel. */
export const Ring = actor('Ring', {
  state: { seen: u32, hash: u32, drift: f32, trace: array(u32, 4) },
  messages: { Token: { hops: u32, value: u32 } },
  emits: { Done: { value: u32, hash: u32 } },
  on: {
    Token(ctx, m) {
      const s = ctx.state;
      s.trace[s.seen % 4] = m.value;
      s.seen += 1;
      let v = m.value;
      v ^= v << 13;
      v ^= v >>> 17;
      v ^= v << 5;
      s.hash = Math.imul(s.hash ^ v, 0x01000193) + ctx.index;
      s.drift += ctx.random() - 0.5;
      if (m.hops > 0)
        ctx.send(ctx.at((ctx.index + 1) % ctx.instances), 'Token', { hops: m.hops - 1, value: v });
      else ctx.emit('Done', { value: v, hash: s.hash });
    },
  },
});

/** Collects numbered messages from many senders and checks that each sender's arrive in order. */
export const Collector = actor('Collector', {
  state: { got: u32, wrong: u32, sum: u64, next: array(u32, 64) },
  messages: {
    Item: { sender: u32, number: u32 },
    Report: ask({}, { got: u32, wrong: u32, sum: u64 }),
  },
  on: {
    Item(ctx, m) {
      const s = ctx.state;
      if (s.next[m.sender] !== m.number) s.wrong += 1;
      s.next[m.sender] = m.number + 1;
      s.got += 1;
      s.sum += u64(m.number);
    },
    Report(ctx) {
      ctx.reply({ got: ctx.state.got, wrong: ctx.state.wrong, sum: ctx.state.sum });
    },
  },
});

/** Sends numbered messages to another kernel when told to. */
export const Source = actor('Source', {
  state: { sent: u32 },
  messages: { Burst: { target: ref(() => Collector), count: u32 } },
  on: {
    Burst(ctx, m) {
      for (let i = 0; i < m.count; i++) {
        ctx.send(m.target, 'Item', { sender: ctx.index, number: ctx.state.sent });
        ctx.state.sent += 1;
      }
    },
  },
});

/** Faults on request, in each of the ways an actor can. */
export const Fragile = actor('Fragile', {
  state: { handled: u32, xs: array(u32, 4) },
  messages: {
    Work: {},
    Write: { index: u32, value: u32 },
    Fail: ask({ code: u32 }, { never: u32 }),
    Read: ask({ index: u32 }, { value: u32 }),
  },
  on: {
    Work(ctx) {
      ctx.state.handled += 1;
    },
    Write(ctx, m) {
      ctx.state.xs[m.index] = m.value;
      ctx.state.handled += 1;
    },
    Fail(ctx, m) {
      ctx.state.handled += 1;
      ctx.fail(m.code);
      ctx.reply({ never: 1 });
    },
    Read(ctx, m) {
      ctx.reply({ value: ctx.state.xs[m.index] });
    },
  },
});

/** Every kind of narrow storage. */
export const Narrow = actor('Narrow', {
  state: { flag: bool, byte: u8, half: u16, bytes: array(u8, 5), word: u32 },
  messages: { Set: { flag: bool, byte: u8, half: u16, bytes: array(u8, 5), add: u32 } },
  emits: { Now: { flag: bool, byte: u8, half: u16, bytes: array(u8, 5), word: u32 } },
  on: {
    Set(ctx, m) {
      const s = ctx.state;
      s.flag = !m.flag;
      s.byte = m.byte + m.add;
      s.half = m.half * 3 + m.add;
      for (let i = 0; i < 5; i++) s.bytes[i] = s.bytes[i] + m.bytes[i] + i;
      s.word += m.add;
      ctx.emit('Now', { flag: s.flag, byte: s.byte, half: s.half, bytes: s.bytes, word: s.word });
    },
  },
});

/** Passes a number on to another kernel's Echo, whose address it was told. */
export const Relay = actor('Relay', {
  state: { to: ref(() => Echo), passed: u32 },
  messages: { Wire: { to: ref(() => Echo) }, Pass: { value: u32 } },
  on: {
    Wire(ctx, m) {
      ctx.state.to = m.to;
    },
    Pass(ctx, m) {
      ctx.state.passed += 1;
      ctx.send(ctx.state.to, 'Say', { value: m.value });
    },
  },
});
