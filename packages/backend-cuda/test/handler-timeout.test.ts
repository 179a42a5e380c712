import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  codecOf,
  type Device,
  type DeviceFault,
  type DeviceKernel,
  HandlerTimeoutError,
  type KernelImage,
  type MessageDescriptor,
  type Schedule,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

function endless(forever: number): number {
  let i = u32(1);
  while (forever !== 0) i += 2;
  return i;
}

/** Loops for ever when it is told to, in each of the loops that the language has, and in a function of its own. */
const Looper = actor('CudaLooper', {
  state: { begun: u32, done: u32 },
  messages: {
    While: { forever: u32 },
    Nested: { forever: u32 },
    Called: { forever: u32 },
    Work: { turns: u32 },
  },
  emits: { Round: { number: u32 } },
  on: {
    While(ctx, m) {
      ctx.state.begun += 1;
      ctx.emit('Round', { number: 1 });
      let i = u32(0);
      while (m.forever !== 0) i += 1;
      ctx.emit('Round', { number: i });
      ctx.state.done += 1;
    },
    Nested(ctx, m) {
      ctx.state.begun += 1;
      for (let i = u32(0); i < 10 || m.forever !== 0; i++) {
        for (let j = u32(0); j < 10; j++) {
          if (j === 5) continue;
        }
      }
      ctx.state.done += 1;
    },
    Called(ctx, m) {
      ctx.state.begun += 1;
      ctx.state.done = endless(m.forever);
    },
    Work(ctx, m) {
      let sum = u32(0);
      for (let i = u32(0); i < m.turns; i++) sum ^= i;
      ctx.state.done += 1 + (sum & 0);
    },
  },
});

const image: KernelImage = compile(Looper);
const timeoutMs = 50;

interface Opened {
  readonly device: Device;
  readonly kernel: DeviceKernel;
  readonly faults: DeviceFault[];
  readonly emitted: number[];
}

async function open(schedule: Schedule, rollback = false): Promise<Opened> {
  const backendOptions = { workers: 1, handlerTimeoutMs: timeoutMs };
  const device = await simulatedBackend.open({ schedule, backendOptions });
  device.ref();
  const faults: DeviceFault[] = [];
  const emitted: number[] = [];
  const options = { instances: 4, queueCapacity: 64, onFull: 'wait', onFailure: 'wait' } as const;
  const kernel = await device.launch(
    image,
    { ...options, id: 'looper', baseAddress: 64, rollback },
    {
      message: ({ view, byteOffset }) => emitted.push(view.getUint32(byteOffset, true)),
      deadLetter: () => {},
      fault: (fault) => faults.push(fault),
    },
  );
  await kernel.activate();
  return { device, kernel, faults, emitted };
}

function send(kernel: DeviceKernel, instance: number, type: string, value: number): void {
  const message = image.messages.find(({ name }) => name === type) as MessageDescriptor;
  const codec = codecOf(message.layout);
  const fields = { [message.layout.fields[0]?.name ?? '']: value };
  const status = kernel.inject(
    instance,
    message,
    (view, at, value: Record<string, number>) => codec.encode(view, at, value),
    fields,
    { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0, deadlineMs: 0 },
  );
  expect(status).toBe('accepted');
}

async function words(kernel: DeviceKernel, instance: number): Promise<readonly number[]> {
  return [...new Uint32Array((await kernel.readState(instance)).buffer)];
}

describe.skipIf(noSimulation !== null)('a handler that does not end', () => {
  for (const schedule of ['async', 'lockstep'] as const) {
    for (const type of ['While', 'Nested', 'Called']) {
      test(`${type} is ended, and its neighbours on the same worker go on, ${schedule}`, async () => {
        const { device, kernel, faults, emitted } = await open(schedule);
        send(kernel, 2, 'Work', 3);
        send(kernel, 2, type, 1);
        for (let i = 0; i < 20; i++) send(kernel, i % 2, 'Work', 10);
        if (schedule === 'lockstep') await device.step(2);
        else await device.settled();
        expect(faults).toHaveLength(1);
        expect(faults[0]?.error).toBeInstanceOf(HandlerTimeoutError);
        expect(faults[0]).toMatchObject({
          instance: 2,
          error: { kernelId: 'looper', instance: 2, timeoutMs },
        });
        expect(await words(kernel, 0)).toEqual([0, 10]);
        expect(await words(kernel, 1)).toEqual([0, 10]);
        // Nothing of the handler runs after the loop that did not end.
        expect(await words(kernel, 2)).toEqual([1, 1]);
        expect(emitted).toEqual(type === 'While' ? [1] : []);
        await kernel.restart(2, null);
        send(kernel, 2, type, 0);
        if (schedule === 'lockstep') await device.step(2);
        else await device.settled();
        expect(await words(kernel, 2)).toEqual([1, 1]);
        await device.close();
      });
    }
  }

  test('its state is rolled back where that is asked for', async () => {
    const { device, kernel, faults } = await open('async', true);
    send(kernel, 0, 'While', 1);
    await device.settled();
    expect(faults).toHaveLength(1);
    expect(await words(kernel, 0)).toEqual([0, 0]);
    await device.close();
  });

  test('many that run one after the other, each within its time, are left alone', async () => {
    const { device, kernel, faults } = await open('async');
    const from = performance.now();
    let sent = 0;
    while (performance.now() - from < 3 * timeoutMs) {
      for (let i = 0; i < 32; i++) send(kernel, 0, 'Work', 10_000);
      sent += 32;
      await device.settled();
    }
    expect(faults).toEqual([]);
    expect(await words(kernel, 0)).toEqual([0, sent]);
    await device.close();
  });

  for (const schedule of ['async', 'lockstep']) {
    test(`one that can't be ended makes the device lost, and the process ends, ${schedule}`, () => {
      const { status, signal, stdout } = spawnSync(
        process.execPath,
        [fileURLToPath(new URL('stuck-handler.mjs', import.meta.url)), schedule],
        { timeout: 50_000, encoding: 'utf8' },
      );
      const [code, cause, message, state] = stdout.trim().split('|');
      expect([status, signal]).toEqual([0, null]);
      expect([code, cause, state]).toEqual(['RK_DEVICE_LOST', 'RK_CUDA_HANDLER_STUCK', 'failed']);
      expect(message).toContain("instance 1 of kernel 'stuck'");
    });
  }
});
