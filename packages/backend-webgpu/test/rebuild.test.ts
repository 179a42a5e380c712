import { backend } from '@ringkernel/backend-webgpu';
import { beforeAll, expect, test } from 'vitest';
import { actor, array, ask, createRuntime, ref, u32 } from '../../runtime/src/index.ts';
import { startWatching, watch } from './watched.ts';

const probe = await backend.probe();
const device = probe.available ? probe.devices[0] : undefined;
beforeAll(startWatching);

/** A token goes round and leaves its marks. */
const Ring = actor('Ring', {
  state: { next: ref(() => Ring), marks: array(u32, 8), count: u32 },
  messages: {
    Connect: { next: ref(() => Ring) },
    Token: { hops: u32 },
    Get: ask({}, { marks: array(u32, 8), count: u32 }),
  },
  emits: { Done: { at: u32 } },
  on: {
    Connect(ctx, m) {
      ctx.state.next = m.next;
    },
    Token(ctx, m) {
      (ctx.state.marks[ctx.state.count % 8] as number) += m.hops;
      ctx.state.count += 1;
      if (m.hops > 0) ctx.send(ctx.state.next, 'Token', { hops: m.hops - 1 });
      else ctx.emit('Done', { at: ctx.index });
    },
    Get(ctx) {
      ctx.reply({ marks: ctx.state.marks, count: ctx.state.count });
    },
  },
});

const instances = 10;

/** What the ring is after these tokens, on a device that is lost between the first and the rest, or not. */
async function marksAfter(tokens: readonly number[], lose: boolean) {
  const options = { backend, device: device?.id ?? '' };
  let runtime = await createRuntime(options);
  let ring = await runtime.launch(Ring, { instances });
  for (let i = 0; i < instances; i++) {
    await ring.at(i).send('Connect', { next: ring.at((i + 1) % instances) });
  }
  for (const [i, hops] of tokens.entries()) {
    if (lose && i === 1) {
      const checkpoint = await runtime.checkpoint();
      watch.devices.at(-1)?.destroy();
      const lost = ring.call('Get', {}, { timeoutMs: 60_000 });
      await expect(lost).rejects.toMatchObject({ code: 'RK_DEVICE_LOST' });
      await expect(runtime.checkpoint()).rejects.toMatchObject({ code: 'RK_DEVICE_LOST' });
      await runtime.close();
      runtime = await createRuntime(options);
      await runtime.restore(checkpoint);
      ring = runtime.get('Ring', Ring);
    }
    await ring.at(i).send('Token', { hops });
    await ring.receive('Done');
  }
  const all = Array.from({ length: instances }, (_, i) => ring.at(i).call('Get', {}));
  const found = (await Promise.all(all)).map(({ marks, count }) => [count, ...marks]);
  await runtime.close();
  return found;
}

test.skipIf(device === undefined)('after a loss a runtime goes on from a checkpoint', async () => {
  const tokens = [25, 31, 7];
  expect(await marksAfter(tokens, true)).toEqual(await marksAfter(tokens, false));
});
