import type { Module } from '@ringkernel/compiler';
import {
  type Device,
  type DeviceInfo,
  type KernelImage,
  MissingCapabilityError,
  NotSupportedError,
} from '@ringkernel/core';
import type { KernelSettings } from './kernel-settings.ts';

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

/** Throws `NotSupportedError` when a launch asks for what the device does not do. */
export function checkSettings(device: Device, image: KernelImage, settings: KernelSettings): void {
  if (settings.rollback) checkRollback(device, image);
  if (settings.dedicated) checkDedicated(device, image);
  if (settings.tenantNumber > 0) checkTenants(device);
}

function checkRollback({ info }: Device, image: KernelImage): void {
  const reason =
    image.program.kind === 'host'
      ? 'a host-only actor has no state'
      : `${info.name} keeps no copy of the states`;
  if (image.program.kind === 'host' || !info.capabilities.includes('rollback')) {
    throw new NotSupportedError('rollback', reason);
  }
}

function checkDedicated({ info }: Device, image: KernelImage): void {
  const reason =
    image.program.kind === 'host'
      ? 'a host-only actor runs in a worker of the host'
      : `${info.name} has no part for a single instance`;
  if (image.program.kind === 'host' || !info.capabilities.includes('dedicated')) {
    throw new NotSupportedError('dedicated', reason);
  }
}

function checkTenants({ info }: Device): void {
  if (info.capabilities.includes('tenants')) return;
  throw new NotSupportedError('tenant', `${info.name} does not part what actors send by tenant`);
}
