import { KernelTerminatedError } from '@ringkernel/core';
import type { Kernel } from '../kernel.ts';
import type { KernelEvent } from '../kernel-event.ts';

/** Resolves once a kernel that had failed goes on; false when it ends, or the signal aborts. */
export function restarted(kernel: Kernel, signal: AbortSignal): Promise<boolean> {
  const over = kernel.last !== undefined || signal.aborted;
  if (over || kernel.state !== 'failed') return Promise.resolve(!over);
  return new Promise((resolve) => {
    const end = (goesOn: boolean): void => {
      kernel.observers.delete(observe);
      signal.removeEventListener('abort', stop);
      resolve(goesOn);
    };
    const observe = ({ kind }: KernelEvent): void => {
      if (kind === 'restarted' && kernel.state !== 'failed') end(true);
      else if (kind === 'terminated' || kind === 'lost') end(false);
    };
    const stop = (): void => end(false);
    kernel.observers.add(observe);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Why a kernel that does not go on tells nothing more: its device is lost, it has failed for good, or it has ended. */
export function whyOver(kernel: Kernel, operation: string, failure: unknown): unknown {
  const { last } = kernel;
  if (last?.kind === 'lost') return last.error;
  return failure ?? new KernelTerminatedError(kernel.id, operation);
}
