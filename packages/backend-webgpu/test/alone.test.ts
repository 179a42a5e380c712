import { backend } from '@ringkernel/backend-webgpu';
import { expect, test } from 'vitest';
import { actor, ask, createRuntime, type Runtime, u32 } from '../../runtime/src/index.ts';
import { startWatching, watch } from './watched.ts';

await startWatching();
const here = (await backend.probe()).available;

const Ring = actor('Ring', {
  state: { handled: u32 },
  messages: {
    Token: { hops: u32, wide: u32 },
    Handled: ask({}, { handled: u32 }),
  },
  emits: { Done: {} },
  on: {
    Token(ctx, m) {
      ctx.state.handled += 1;
      if (m.hops === 0) {
        ctx.emit('Done', {});
        return;
      }
      ctx.send(ctx.at((ctx.index + 1) % ctx.instances), 'Token', { hops: m.hops - 1, wide: 0 });
      for (let i = 0; i < m.wide; i++) ctx.send(ctx.at(i), 'Token', { hops: 1, wide: 0 });
    },
    Handled(ctx) {
      ctx.reply({ handled: ctx.state.handled });
    },
  },
});

/** What WebGPU had to do for this. */
async function cost(work: () => Promise<unknown>) {
  const before = { ...watch };
  await work();
  const { submits, writes, dispatches } = watch;
  return {
    submits: submits - before.submits,
    writes: writes - before.writes,
    dispatches: dispatches - before.dispatches,
  };
}

async function open(): Promise<Runtime> {
  return await createRuntime({ backend, device: 'webgpu:0' });
}

test.skipIf(!here)('an ask is one write, one submit, one dispatch', async () => {
  await using runtime = await open();
  const ring = await runtime.launch(Ring, { instances: 1000 });
  await ring.at(999).call('Handled', {});
  await runtime.settled();
  const asked = await cost(async () => {
    expect(await ring.at(999).call('Handled', {})).toEqual({ handled: 0 });
  });
  expect(asked).toEqual({ submits: 1, writes: 1, dispatches: 1 });
});

test.skipIf(!here)('a message from actor to actor takes no dispatch of its own', async () => {
  await using runtime = await open();
  const ring = await runtime.launch(Ring, { instances: 10 });
  await runtime.settled();
  const { dispatches, submits } = await cost(async () => {
    await ring.at(0).send('Token', { hops: 600, wide: 0 });
    await ring.receive('Done');
  });
  expect(dispatches).toBe(submits);
  expect(dispatches).toBeLessThan(300);
  expect(await ring.at(0).readState()).toEqual({ handled: 61 });
});

test.skipIf(!here)(
  'more instances than one dispatch runs alone get dispatches of their own',
  async () => {
    await using runtime = await open();
    const ring = await runtime.launch(Ring, { instances: 2000 });
    await ring.at(1999).send('Token', { hops: 2, wide: 1500 });
    await runtime.settled();
    expect(runtime.telemetry('Ring').handled).toBe(3003);
    const states = await Promise.all([0, 1, 1499, 1500, 1501].map((i) => ring.at(i).readState()));
    expect(states.map(({ handled }) => handled)).toEqual([2, 3, 2, 1, 0]);
  },
);
