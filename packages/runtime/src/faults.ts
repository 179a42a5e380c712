import { describeSite, faultTitles, type Module } from '@ringkernel/compiler/back-end';
import {
  type DeviceFault,
  HandlerFaultError,
  type KernelImage,
  type RingKernelError,
} from '@ringkernel/core';

/** One failure of an instance: its message was not handled to the end, and no later one will be. */
export interface KernelFault {
  readonly kernelId: string;
  readonly instance: number;
  /** Name of the message that was being handled. */
  readonly type: string | undefined;
  /** `HandlerFaultError`, or `HandlerError` with what a host-only actor threw. */
  readonly error: RingKernelError;
}

const titles: Readonly<Record<string, string>> = faultTitles;

/** The error of a fault: what failed and where, as the compiler knows it. */
export function faultError(
  kernelId: string,
  image: KernelImage,
  type: string | undefined,
  fault: DeviceFault,
): RingKernelError {
  if (fault.error !== undefined) return fault.error;
  const text = `${faultText(image, fault.site)} (${type ?? 'unknown message'})`;
  return new HandlerFaultError(kernelId, fault.instance, text, fault.value);
}

function faultText(image: KernelImage, place: number): string {
  // The compiler knows all places but those in text that the user gave to a backend.
  if (place === 0) return 'a fault in a handler written by hand';
  const { program } = image;
  const site = program.kind === 'ir' ? (program.module as Module).sites[place] : undefined;
  const reason = site === undefined ? 'a fault' : (titles[site.code] ?? site.code);
  return `${reason} at ${describeSite(image, place)}`;
}
