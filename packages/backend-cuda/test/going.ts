import { simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  type Device,
  type DeviceKernel,
  type DeviceLaunchOptions,
  type InjectStatus,
  type KernelImage,
  type MessageDescriptor,
  u32,
} from '@ringkernel/core';

/** Emits an event for each message; a state of 40 bytes. */
const image: KernelImage = compile(
  actor('CudaGoing', {
    state: { count: u32, rest: array(u32, 9) },
    messages: { Go: {} },
    emits: { Went: {} },
    on: {
      Go(ctx) {
        ctx.state.count += 1;
        ctx.emit('Went', {});
      },
    },
  }),
);
const [go] = image.messages as [MessageDescriptor];

export interface Going {
  readonly device: Device;
  readonly kernel: DeviceKernel;
  /** How many events have come. */
  readonly went: () => number;
}

/** Opens a device and launches the actor on it, not active yet. */
export async function openGoing(
  backendOptions: Readonly<Record<string, unknown>>,
  launch: Partial<DeviceLaunchOptions> = {},
): Promise<Going> {
  const device = await simulatedBackend.open({ backendOptions });
  device.ref();
  let went = 0;
  const sink = { message: () => went++, deadLetter: () => {}, fault: () => {} };
  const usual = { id: 'going', instances: 1, baseAddress: 64, queueCapacity: 4096 } as const;
  const kernel = await device.launch(image, { ...usual, onFull: 'wait', ...launch }, sink);
  return { device, kernel, went: () => went };
}

const plain = { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0 } as const;

export function sendGo(kernel: DeviceKernel, instance = 0): InjectStatus {
  return kernel.inject(instance, go, () => {}, {}, { ...plain, deadlineMs: 0 });
}
