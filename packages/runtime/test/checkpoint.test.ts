import { actor, ask, createRuntime, type Runtime, ref, u32 } from '@ringkernel/runtime';
import { expect, test } from 'vitest';

const Counter = actor('Counter', {
  state: { count: u32, next: ref(() => Counter) },
  messages: {
    Connect: { next: ref(() => Counter) },
    Add: { by: u32, hops: u32 },
    Fail: {},
    Get: ask({}, { count: u32 }),
  },
  on: {
    Connect(ctx, m) {
      ctx.state.next = m.next;
    },
    Add(ctx, m) {
      ctx.state.count += m.by;
      if (m.hops > 0) ctx.send(ctx.state.next, 'Add', { by: m.by, hops: m.hops - 1 });
    },
    Fail(ctx) {
      ctx.fail(1);
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count });
    },
  },
});

/** Two kernels that send to each other, after one that has ended: addresses are not those of a fresh runtime. */
async function pair(runtime: Runtime) {
  await (await runtime.launch(Counter, { id: 'gone' })).terminate();
  const a = await runtime.launch(Counter, { id: 'a', instances: 3, tags: ['first'] });
  const b = await runtime.launch(Counter, { id: 'b', autoActivate: false });
  await a.at(2).send('Connect', { next: b });
  await b.send('Connect', { next: a.at(1) });
  return { a, b };
}

const count = async (runtime: Runtime, id: string, instance: number): Promise<number> =>
  (await runtime.get(id, Counter).at(instance).call('Get', {})).count;

test('another runtime goes on from a checkpoint: states, addresses, options', async () => {
  const first = await createRuntime({ backend: 'cpu' });
  const { a, b } = await pair(first);
  await b.activate();
  await a.at(2).send('Add', { by: 5, hops: 2 });
  await first.settled();
  const checkpoint = await first.checkpoint();
  expect(checkpoint.kernelIds).toEqual(['a', 'b']);
  await a.at(2).send('Add', { by: 100, hops: 2 });
  await first.close();

  await using second = await createRuntime({ backend: 'cpu' });
  await second.restore(checkpoint);
  expect(second.activeKernels).toEqual(['a', 'b']);
  expect(second.registry.entry('a')?.tags).toEqual(['first']);
  await second.get('a', Counter).at(2).send('Add', { by: 1, hops: 2 });
  await second.settled();
  expect(await Promise.all([0, 1, 2].map((i) => count(second, 'a', i)))).toEqual([0, 6, 6]);
  expect(await count(second, 'b', 0)).toBe(6);
  // What is launched now gets addresses that nobody had.
  const later = await second.launch(Counter, { id: 'later' });
  await second.get('b', Counter).send('Connect', { next: later });
  await second.get('b', Counter).send('Add', { by: 1, hops: 1 });
  await second.settled();
  expect(await count(second, 'later', 0)).toBe(1);
});

test('a kernel that was not active is not; a failed instance begins with zeros', async () => {
  const first = await createRuntime({ backend: 'cpu' });
  const { a } = await pair(first);
  await a.at(0).send('Add', { by: 5, hops: 0 });
  await a.at(1).send('Add', { by: 5, hops: 0 });
  await a.at(1).send('Fail', {});
  await first.settled();
  const checkpoint = await first.checkpoint();
  await first.close();

  await using second = await createRuntime({ backend: 'cpu' });
  await second.restore(checkpoint);
  expect(second.activeKernels).toEqual(['a']);
  expect([await count(second, 'a', 0), await count(second, 'a', 1)]).toEqual([5, 0]);
});

test('only a fresh runtime takes a checkpoint, and nothing else is one', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  await expect(runtime.restore({} as never)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
  await pair(runtime);
  const checkpoint = await runtime.checkpoint();
  await expect(runtime.restore(checkpoint)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
});

test('a restore that fails leaves nothing behind', async () => {
  const first = await createRuntime({ backend: 'cpu' });
  first.tenants.add('acme');
  await first.launch(Counter, { id: 'free' });
  await first.launch(Counter, { id: 'theirs', tenant: 'acme' });
  const checkpoint = await first.checkpoint();
  await first.close();
  await using second = await createRuntime({ backend: 'cpu' });
  await expect(second.restore(checkpoint)).rejects.toMatchObject({ code: 'RK_TENANT_NOT_FOUND' });
  expect(second.kernelIds).toEqual([]);
});
