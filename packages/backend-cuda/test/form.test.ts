import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  codecOf,
  type Device,
  type DeviceFault,
  type DeviceKernel,
  f32,
  HandlerTimeoutError,
  type MessageDescriptor,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const size = 200;

const Sums = actor('CudaSums', {
  state: { xs: array(f32, size), sum: f32, bins: array(u32, 4), last: f32, done: u32 },
  messages: { Go: { n: u32 }, Hang: { n: u32 }, HangOne: { n: u32 }, HangAlone: { n: u32 } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.xs[i] = 1 / (f32(i) + 1.5);
        (s.bins[i % 4] as number) += 1;
      });
      s.sum = ctx.sum(m.n, (i) => s.xs[i] as number);
      ctx.scan(
        m.n,
        (i) => s.xs[i] as number,
        (i, sum) => {
          s.xs[i] = sum;
        },
      );
      s.last = s.xs[size - 1] as number;
      s.done += 1;
    },
    Hang(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        let x = u32(i);
        while (x !== 77) x = (x & 1) === 1 ? 3 : 5;
        s.xs[i] = f32(x);
      });
      s.done += 1;
    },
    HangOne(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        let x = u32(i);
        while (i === 7 && x !== 77) x = (x & 1) === 1 ? 3 : 5;
        s.xs[i] = f32(x);
      });
      s.done += 1;
    },
    HangAlone(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.xs[i] = 1;
      });
      let x = u32(m.n);
      while (x !== 77) x = (x & 1) === 1 ? 3 : 5;
      s.sum = ctx.sum(m.n, (i) => s.xs[i] as number);
      s.done += 1;
    },
  },
});

const image = compile(Sums);
const plain = compile(
  actor('CudaPlain', {
    state: { n: u32 },
    messages: { Go: {} },
    on: {
      Go(ctx) {
        ctx.state.n += 1;
      },
    },
  }),
);

async function open(
  backendOptions: Readonly<Record<string, unknown>>,
  what = image,
): Promise<{ device: Device; kernel: DeviceKernel; faults: DeviceFault[] }> {
  const device = await simulatedBackend.open({ backendOptions: { workers: 1, ...backendOptions } });
  device.ref();
  const faults: DeviceFault[] = [];
  const options = { instances: 3, queueCapacity: 64, onFull: 'wait', onFailure: 'wait' } as const;
  const kernel = await device.launch(
    what,
    { ...options, id: 'sums', baseAddress: 64 },
    { message: () => {}, deadLetter: () => {}, fault: (fault) => faults.push(fault) },
  );
  await kernel.activate();
  return { device, kernel, faults };
}

function send(kernel: DeviceKernel, instance: number, type: string, n: number): void {
  const message = image.messages.find(({ name }) => name === type) as MessageDescriptor;
  const codec = codecOf(message.layout);
  const status = kernel.inject(
    instance,
    message,
    (view, at, value: { n: number }) => codec.encode(view, at, value),
    { n },
    { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0, deadlineMs: 0 },
  );
  expect(status).toBe('accepted');
}

describe.skipIf(noSimulation !== null)('threads that serve an instance', () => {
  test('a warp and a block compute what a thread does, to the last bit', async () => {
    const states: Uint8Array[][] = [];
    for (const options of [
      { form: 'thread' },
      { form: 'warp', workers: 2, sliceMs: 2 },
      { form: 'block' },
      { form: 'block', blockThreads: 128 },
    ]) {
      const { device, kernel, faults } = await open(options);
      expect(kernel.code?.form).toBe(options.form === 'thread' ? 'cuda' : `cuda-${options.form}`);
      for (let i = 0; i < 3; i++) send(kernel, i, 'Go', size);
      for (let i = 0; i < 3; i++) send(kernel, i, 'Go', size - i);
      await device.settled();
      expect(faults).toEqual([]);
      states.push(await Promise.all([0, 1, 2].map((i) => kernel.readState(i))));
      await device.close();
    }
    for (const found of states.slice(1)) expect(found).toEqual(states[0]);
  }, 120_000);

  for (const form of ['warp', 'block']) {
    // In a section all lanes hang, or one of them alone while the others wait for it; outside of one the first does.
    test(`what does not end is ended, and the other lanes of a ${form} with it`, async () => {
      const { device, kernel, faults } = await open({ form, handlerTimeoutMs: 50 });
      for (const [instance, name] of ['Hang', 'HangOne', 'HangAlone'].entries()) {
        send(kernel, instance, name, 20);
        await device.settled();
        expect(faults.map((fault) => fault.error?.code)).toEqual(['RK_HANDLER_TIMEOUT']);
        expect(faults[0]?.error).toMatchObject({ instance, timeoutMs: 50 });
        expect(faults[0]?.error).toBeInstanceOf(HandlerTimeoutError);
        faults.length = 0;
        await kernel.restart(instance, null);
        send(kernel, instance, 'Go', size);
        await device.settled();
      }
      expect(faults).toEqual([]);
      const states = await Promise.all([0, 1, 2].map((i) => kernel.readState(i)));
      const done = image.state.fields.find(({ name }) => name === 'done')?.offset ?? 0;
      expect(states.map((state) => state[done])).toEqual([1, 1, 1]);
      for (const state of states.slice(1)) expect(state).toEqual(states[0]);
      await device.close();
    }, 120_000);
  }

  test('a block that is too large for the device is refused, with both numbers', async () => {
    const tooLarge = open({ form: 'block', blockThreads: 512 });
    await expect(tooLarge).rejects.toMatchObject({
      code: 'RK_DEVICE_LIMIT',
      wanted: 512,
      limit: 128,
    });
    const whole = await open({ form: 'thread', blockThreads: 512 }); // nothing has such a block
    await whole.device.close();
  }, 120_000);

  test('it is said which form was chosen, and why', async () => {
    const auto = await open({});
    const reason = 'on a CPU the lanes of a warp take turns';
    expect(auto.kernel.code).toEqual({ form: 'cuda', reason });
    await auto.device.close();
    const other = await open({ form: 'auto' }, plain);
    expect(other.kernel.code).toEqual({ form: 'cuda', reason: 'no handler has a section' });
    await other.device.close();
  }, 120_000);

  test('forms and sizes that nobody knows are refused', async () => {
    for (const wrong of [{ form: 'grid' }, { blockThreads: 96 }, { blockThreads: 32 }]) {
      await expect(open(wrong)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
    }
  });
});
