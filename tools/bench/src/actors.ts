import { actor, ask, u32 } from '@ringkernel/runtime';

/** Answers with the number it was sent, plus one. */
export const Echo = actor('Echo', {
  state: { seen: u32 },
  messages: { Ask: ask({ value: u32 }, { value: u32 }) },
  on: {
    Ask(ctx, m) {
      ctx.state.seen += 1;
      ctx.reply({ value: m.value + 1 });
    },
  },
});

/** Takes eight fields and adds them up: a one-way stream. */
export const Sink = actor('Sink', {
  state: { seen: u32, sum: u32 },
  messages: { Item: { a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32 } },
  on: {
    Item(ctx, m) {
      ctx.state.seen += 1;
      ctx.state.sum += m.a + m.b + m.c + m.d + m.e + m.f + m.g + m.h;
    },
  },
});

/** Savina's ThreadRing: a token goes round. */
export const Ring = actor('Ring', {
  state: { seen: u32 },
  messages: { Token: { hops: u32 } },
  emits: { Done: { hops: u32 } },
  on: {
    Token(ctx, m) {
      ctx.state.seen += 1;
      if (m.hops === 0) ctx.emit('Done', { hops: ctx.state.seen });
      else ctx.send(ctx.at((ctx.index + 1) % ctx.instances), 'Token', { hops: m.hops - 1 });
    },
  },
});

/** Savina's Counting: instance 0 sends increments to the last instance. */
export const Counting = actor('Counting', {
  state: { count: u32 },
  messages: { Produce: { count: u32 }, Increment: {}, Stop: {} },
  emits: { Done: { count: u32 } },
  on: {
    Produce(ctx, m) {
      const counter = ctx.at(ctx.instances - 1);
      for (let i = 0; i < m.count; i++) ctx.send(counter, 'Increment', {});
      ctx.send(counter, 'Stop', {});
    },
    Increment(ctx) {
      ctx.state.count += 1;
    },
    Stop(ctx) {
      ctx.emit('Done', { count: ctx.state.count });
      ctx.state.count = 0;
    },
  },
});

/** Savina's Big: every actor pings random others and waits for each pong. */
export const Big = actor('Big', {
  state: { left: u32 },
  messages: { Start: { pings: u32 }, Ping: { from: u32 }, Pong: {} },
  emits: { Done: { index: u32 } },
  on: {
    Start(ctx, m) {
      ctx.state.left = m.pings;
      ctx.send(ctx.at(ctx.randomU32() % ctx.instances), 'Ping', { from: ctx.self });
    },
    Ping(ctx, m) {
      ctx.send(m.from, 'Pong', {});
    },
    Pong(ctx) {
      ctx.state.left -= 1;
      if (ctx.state.left === 0) ctx.emit('Done', { index: ctx.index });
      else ctx.send(ctx.at(ctx.randomU32() % ctx.instances), 'Ping', { from: ctx.self });
    },
  },
});

/** Counts up with the host and with the instance before it, and notices what is not the next number. */
export const Sequence = actor('Sequence', {
  state: { fromHost: u32, fromActor: u32, outOfTurn: u32 },
  messages: { FromHost: { number: u32 }, FromActor: { number: u32 } },
  on: {
    FromHost(ctx, m) {
      if (m.number !== ctx.state.fromHost) ctx.state.outOfTurn += 1;
      ctx.state.fromHost += 1;
      ctx.send(ctx.at((ctx.index + 1) % ctx.instances), 'FromActor', { number: m.number });
    },
    FromActor(ctx, m) {
      if (m.number !== ctx.state.fromActor) ctx.state.outOfTurn += 1;
      ctx.state.fromActor += 1;
    },
  },
});
