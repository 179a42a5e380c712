import { backend } from '@ringkernel/backend-webgpu';
import { expect, test } from 'vitest';
import { actor, array, ask, createRuntime, f32, u32 } from '../../runtime/src/index.ts';

const probe = await backend.probe();
const here = probe.available;
const device = 'webgpu:0';

const Counter = actor('Counter', {
  state: { n: u32 },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.n += m.by;
    },
  },
});

/** Its handlers have sections: the terms are not whole, so that another order would give another sum. */
const Field = actor('Field', {
  state: { xs: array(f32, 500), bins: array(u32, 8), handled: u32 },
  messages: { Fill: { first: u32 }, Sum: ask({}, { sum: f32, most: f32, handled: u32 }) },
  on: {
    Fill(ctx, m) {
      const s = ctx.state;
      s.handled += 1;
      ctx.parallelFor(500, (i) => {
        s.xs[i] = f32(i + m.first) / 7;
        (s.bins[i & 7] as number) += 1;
      });
    },
    Sum(ctx) {
      const s = ctx.state;
      const sum = ctx.sum(500, (i) => s.xs[i] as number);
      const most = ctx.max(500, (i) => s.xs[i] as number);
      ctx.reply({ sum, most, handled: s.handled });
    },
  },
});

async function results(form: string): Promise<unknown[]> {
  const settings = { backend, device, backendOptions: { form } };
  await using runtime = await createRuntime(settings);
  const fields = await runtime.launch(Field, { instances: 5 });
  for (let i = 0; i < 50; i++) await fields.at(i % 5).send('Fill', { first: i });
  const calls = [0, 1, 2, 3, 4].map((i) => fields.at(i).call('Sum', {}, { timeoutMs: 60_000 }));
  const replies = await Promise.all(calls);
  const states = await Promise.all([0, 4].map((i) => fields.at(i).readState()));
  return [runtime.telemetry('Field').code, replies, states];
}

test.skipIf(!here)('form: an invocation or a workgroup, the same to the last bit', async () => {
  const [apart, ...one] = await results('thread');
  const [together, ...other] = await results('workgroup');
  expect(apart).toEqual({ form: 'wgsl', reason: "the option form is 'thread'" });
  expect(together).toEqual({ form: 'wgsl-workgroup', reason: "the option form is 'workgroup'" });
  expect(other).toEqual(one);
});

test.skipIf(!here)('auto is a workgroup where there are sections', async () => {
  await using runtime = await createRuntime({ backend, device });
  const codeOf = (id: string) => runtime.telemetry(id).code;
  await runtime.launch(Counter);
  await runtime.launch(Field);
  expect(codeOf('Counter')).toEqual({ form: 'wgsl', reason: 'no handler has a section' });
  expect(codeOf('Field')).toEqual(
    runtime.device.kind === 'software'
      ? { form: 'wgsl', reason: 'in software the lanes of a workgroup take turns' }
      : { form: 'wgsl-workgroup', reason: 'a handler has sections' },
  );
});

test.skipIf(!here)('more instances than a dispatch has workgroups take turns', async () => {
  const backendOptions = { form: 'workgroup' };
  await using runtime = await createRuntime({ backend, device, backendOptions });
  const counters = await runtime.launch(Counter, { instances: 66_000 });
  // Twice so many instances as there ever are workgroups.
  const indices = Array.from({ length: 2048 }, (_, i) => 65_999 - i * 30);
  for (const i of indices) await counters.at(i).send('Add', { by: i });
  await runtime.settled();
  expect(runtime.telemetry('Counter').handled).toBe(2048);
  for (const i of [65_999, 65_969, 65_999 - 2047 * 30]) {
    expect(await counters.at(i).readState()).toEqual({ n: i });
  }
  await expect(
    createRuntime({ backend, device, backendOptions: { form: 'block' } }),
  ).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
});
