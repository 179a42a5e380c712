import { counter, status } from '../text/layout.ts';
import type { Batch } from './batch.ts';
import type { GpuKernel } from './kernel.ts';
import type { KernelSlot } from './kernel-slot.ts';

/** The one kernel with instances that run in the next round, and how many: null when there are others, too. */
export type Due = { readonly kernel: KernelSlot | null; readonly instances: number } | null;

export const nobodyDue: Due = { kernel: null, instances: 0 };

/** What a submit left to do. */
export function dueOf(figures: Uint32Array, kernels: readonly GpuKernel[]): Due {
  const parity = (figures[status.round] as number) & 1;
  let found = nobodyDue;
  for (const { slot } of kernels) {
    const instances = figures[slot.counters + counter.due + parity] as number;
    if (instances === 0) continue;
    if (found?.kernel !== null) return null;
    found = { kernel: slot, instances };
  }
  return found;
}

/** The kernel of which one dispatch can run a submit alone, as far as is known: the device decides. */
export function aloneFor(
  due: Due,
  batch: Batch | null,
  kernelOf: (address: number) => GpuKernel | undefined,
): KernelSlot | null {
  if (due === null) return null;
  const messages = batch?.count ?? 0;
  const kernel = batch === null || messages === 0 ? due.kernel : kernelOf(batch.receiver)?.slot;
  if (kernel == null || (due.kernel !== null && due.kernel !== kernel)) return null;
  return messages + due.instances <= kernel.few ? kernel : null;
}
