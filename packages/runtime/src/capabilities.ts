import type { Module } from '@ringkernel/compiler';
import { type DeviceInfo, type KernelImage, MissingCapabilityError } from '@ringkernel/core';

/** What a program can need that not every device has. Sections run on all of them, at once or in order. */
const capabilities: readonly string[] = ['f64'];

/** Throws `MissingCapabilityError` when an image computes with what the device does not have. */
export function requireCapabilities({ name, program }: KernelImage, device: DeviceInfo): void {
  if (program.kind !== 'ir') return;
  const { requires } = program.module as Module;
  const missing = requires.filter(
    (need) => capabilities.includes(need) && !device.capabilities.includes(need),
  );
  if (missing.length > 0) throw new MissingCapabilityError(name, device.id, missing);
}
