import { actor, createRuntime, u32 } from '@ringkernel/runtime';

/** A token goes round a ring of actors; the host only starts it and hears that it is done. */
const Ring = actor('Ring', {
  state: { seen: u32 },
  messages: { Token: { hops: u32, value: u32 } },
  emits: { Done: { value: u32, seen: u32 } },
  on: {
    Token(ctx, m) {
      ctx.state.seen += 1;
      let v = m.value;
      v ^= v << 13;
      v ^= v >>> 17;
      v ^= v << 5;
      if (m.hops === 0) ctx.emit('Done', { value: v, seen: ctx.state.seen });
      else {
        const next = ctx.at((ctx.index + 1) % ctx.instances);
        ctx.send(next, 'Token', { hops: m.hops - 1, value: v });
      }
    },
  },
});

const hops = 100_000;
await using runtime = await createRuntime();
const ring = await runtime.launch(Ring, { instances: 100 });
const start = performance.now();
await ring.send('Token', { hops, value: 1 });
const { from, value } = await ring.receive('Done');
const nsPerHop = ((performance.now() - start) * 1e6) / hops;
console.log(`after ${hops} hops the token is at actor ${from} with value ${value}`);
console.log(`${nsPerHop.toFixed(0)} ns per hop on ${runtime.backend}`);
