import { backend } from '@ringkernel/backend-webgpu';
import { expect, test } from 'vitest';
import { actor, ask, createRuntime, u32 } from '../../runtime/src/index.ts';

const probe = await backend.probe();
const software = probe.available && probe.devices.every(({ kind }) => kind === 'software');

const Counter = actor('Counter', {
  state: { count: u32 },
  messages: { Add: { by: u32 }, Get: ask({}, { count: u32 }) },
  on: {
    Add(ctx, m) {
      ctx.state.count += m.by;
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count });
    },
  },
});

test.skipIf(!software)('software is taken when it is named', async () => {
  await using runtime = await createRuntime({ backend, device: 'webgpu:0' });
  expect(runtime.device.kind).toBe('software');
  const counters = await runtime.launch(Counter, { id: 'counters', instances: 100 });
  for (let i = 0; i < 100; i++) await counters.at(i).send('Add', { by: i });
  const sums = await Promise.all(
    Array.from({ length: 100 }, (_, i) => counters.at(i).call('Get', {}, { timeoutMs: 60_000 })),
  );
  expect(sums.map(({ count }) => count)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test.skipIf(!software)('a device is named by a part of its name, too', async () => {
  const [device] = probe.available ? probe.devices : [];
  await using runtime = await createRuntime({ backend, device: device?.name.slice(0, 6) ?? '' });
  expect(runtime.device.id).toBe(device?.id);
});

test.skipIf(!software)('software is never taken by itself', async () => {
  await expect(createRuntime({ backend })).rejects.toMatchObject({
    code: 'RK_BACKEND_UNAVAILABLE',
  });
});
