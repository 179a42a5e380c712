import { backend } from '@ringkernel/backend-cpu';
import type { DeviceKernel, DeviceLaunchOptions, DeviceOptions } from '@ringkernel/core';
import type { CpuDevice } from '../dist/host/device.js';
import { type Collected, type HandWritten, launchOptions } from './hand-written.ts';

const opened: CpuDevice[] = [];

/** A device that ends with the test. */
export async function open(
  backendOptions: Readonly<Record<string, unknown>> = {},
  more: DeviceOptions = {},
): Promise<CpuDevice> {
  const device = (await backend.open({ ...more, backendOptions })) as CpuDevice;
  opened.push(device);
  return device;
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((device) => device.close()));
}

/** Launches a program written by hand; active unless the options say otherwise. */
export async function launch(
  device: CpuDevice,
  { image, text }: HandWritten,
  more: Partial<DeviceLaunchOptions> & { readonly activate?: boolean },
  seen: Collected,
): Promise<DeviceKernel> {
  const { activate = true, ...options } = more;
  const kernel = await device.launchText(image, text, launchOptions(options), seen);
  if (activate) await kernel.activate();
  return kernel;
}
