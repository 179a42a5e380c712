import { idFromBigInt } from '@ringkernel/core';
import { isCall } from './calls.ts';
import type { DeadLetter } from './dead-letters.ts';
import { TenantMismatchError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import type { ReplayOptions, SendOptions } from './options.ts';

/** The kernel that has an address. */
export function kernelAt(kernels: Iterable<Kernel>, address: number): Kernel | undefined {
  for (const kernel of kernels) {
    const { baseAddress, instances } = kernel.settings;
    if (address >= baseAddress && address < baseAddress + instances) return kernel;
  }
  return undefined;
}

/**
 * Sends a dead letter to a kernel as it was sent: with its priority, in the name of its sender, and with its correlation
 * unless it was a call, whose caller has heard already. `sender` is the kernel of its source, if it lives: the receiver
 * may be of another tenant than the one that had the id before.
 */
export async function resend(
  letter: DeadLetter,
  options: ReplayOptions,
  kernel: Kernel,
  sender: Kernel | undefined,
): Promise<bigint> {
  const { type = '', instance = 0, payload, priority, correlation, source } = letter;
  if (sender !== undefined && sender.settings.tenant !== kernel.settings.tenant) {
    throw new TenantMismatchError(sender, kernel);
  }
  const own = correlation !== 0n && !isCall(idFromBigInt(correlation).high);
  const how: SendOptions = { ...options, priority, ...(own && { correlation }) };
  return await kernel.correlations.again(correlation, () =>
    kernel.outbound.send(type, instance, payload, how, source),
  );
}
