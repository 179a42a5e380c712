import { type DeviceKernel, InvalidOptionError, KernelTerminatedError } from '@ringkernel/core';
import { CudaKernel } from './kernel.ts';
import type { Machine } from './machine.ts';

/** How the states of a kernel came to another one. */
export interface StateCopy {
  /** `peer`: from device to device; `host`: through the memory of the host. */
  readonly via: 'peer' | 'host';
  /** Why it went through the host; null when it did not. */
  readonly reason: string | null;
  readonly bytes: number;
}

const counts = { peer: 0, host: 0, bytes: 0 };

/** How many copies of states this process made directly and through the host, and how many bytes they had together. */
export function stateCopyCounts(): Readonly<typeof counts> {
  return { ...counts };
}

/**
 * Copies the states of all instances of a kernel to another one of the same actor with as many instances, which may be on
 * another CUDA device of this process: directly where that reaches the memory of the first, else through the host. Both
 * devices pause meanwhile, between handlers. Messages, failures and random numbers stay where they are. Throws
 * `InvalidOptionError` for kernels that do not match, `KernelTerminatedError` for one that has ended.
 */
export async function copyStates(from: DeviceKernel, to: DeviceKernel): Promise<StateCopy> {
  const source = checked('from', from);
  const target = checked('to', to);
  if (source.hash !== target.hash || source.instances !== target.instances) {
    const wanted = `a kernel of the actor of '${source.id}' with ${source.instances} instances`;
    throw new InvalidOptionError('to', wanted, `'${target.id}' with ${target.instances}`);
  }
  return await bothPaused(source.machine, target.machine, async () => {
    for (const kernel of [source, target]) {
      if (kernel.state === 'terminated') throw new KernelTerminatedError(kernel.id, 'copyStates');
    }
    const reason = await target.memory.copyStatesFrom(source.memory);
    const bytes = target.memory.statesBytes;
    const via = reason === null ? 'peer' : 'host';
    counts[via]++;
    counts.bytes += bytes;
    return { via, reason, bytes };
  });
}

function checked(name: string, kernel: DeviceKernel): CudaKernel {
  if (kernel instanceof CudaKernel) return kernel;
  throw new InvalidOptionError(name, 'a kernel of the CUDA backend', kernel);
}

/** In the order of the devices' numbers, so that two copies do not wait for each other. */
function bothPaused<T>(one: Machine, other: Machine, work: () => Promise<T>): Promise<T> {
  if (one.pausesWith(other)) return one.paused(work);
  const [first, second] = one.number < other.number ? [one, other] : [other, one];
  return first.paused(() => second.paused(work));
}
