import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, array, codecOf, type DeviceKernel, type KernelImage, u32 } from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const places = 200;

const Large = actor('CudaLarge', {
  state: { xs: array(u32, places), touched: u32 },
  messages: { Touch: {} },
  on: {
    Touch(ctx) {
      ctx.state.touched += ctx.state.xs[places - 1] as number;
    },
  },
});

const image: KernelImage = compile(Large);
const codec = codecOf(image.state);

function touch(kernel: DeviceKernel, instance: number): string {
  const [message] = image.messages;
  if (message === undefined) throw new Error('Large has no message');
  const plain = { priority: 1, correlationLow: 0, correlationHigh: 0, deadlineMs: 0 };
  return kernel.inject(instance, message, () => {}, null, { ...plain, wantsReply: false });
}

async function stateOf(kernel: DeviceKernel, instance: number): Promise<unknown> {
  const bytes = await kernel.readState(instance);
  return codec.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

describe.skipIf(noSimulation !== null)('instances that come and go', () => {
  test('a state of many records comes whole, and nobody has to leave for it', async () => {
    const backendOptions = { workers: 2, maxPayloadBytes: 64, laneCapacity: 16 };
    const device = await simulatedBackend.open({ backendOptions });
    device.ref();
    const kernel = await device.launch(
      image,
      { id: 'large', instances: 3, living: 1, baseAddress: 64, queueCapacity: 8, onFull: 'wait' },
      { message: () => {}, deadLetter: () => {}, fault: () => {} },
    );
    await kernel.activate();
    const { launches } = device as unknown as { readonly launches: number };
    expect(launches).toBeGreaterThan(0);
    for (let life = 1; life <= 5; life++) {
      const xs = Array.from({ length: places }, (_, i) => i * life);
      const bytes = new Uint8Array(codec.size);
      codec.encode(new DataView(bytes.buffer), 0, { xs, touched: 1 });
      await kernel.spawn(2, bytes);
      expect(touch(kernel, 2)).toBe('accepted');
      await device.settled();
      expect(await stateOf(kernel, 2)).toEqual({ xs, touched: 1 + (places - 1) * life });
      await kernel.retire(2);
      expect(touch(kernel, 2)).toBe('closed');
    }
    expect((device as unknown as { readonly launches: number }).launches).toBe(launches);
    await device.close();
  }, 60_000);
});
