import { NotSupportedError } from '@ringkernel/core';
import { maxKernels, mostHostLanes, rangeLayout, worldLayout } from '../layout/device.ts';
import { StructWriter } from '../layout/struct-writer.ts';
import type { CudaKernel } from './kernel.ts';
import type { Machine } from './machine.ts';

/** Workers are told apart by 16 bits of their clocks' stamps; number 0 is the host's, the last ones its other lanes'. */
const maxWorkers = 65_536 - mostHostLanes;

/** The kernels of a device by address, on both sides, and what they have of what is there once: slots, workers' numbers. */
export class KernelTable implements Iterable<CudaKernel> {
  readonly #machine: Machine;
  /** Sorted by address. */
  readonly #kernels: CudaKernel[] = [];
  readonly #freeSlots: number[] = Array.from({ length: maxKernels }, (_, i) => maxKernels - 1 - i);

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  [Symbol.iterator](): Iterator<CudaKernel> {
    return this.#kernels[Symbol.iterator]();
  }

  /** Throws `NotSupportedError` when as many kernels live as a device runs. */
  takeSlot(): number {
    const slot = this.#freeSlots.pop();
    if (slot !== undefined) return slot;
    const reason = `a device runs at most ${maxKernels} kernels at once`;
    throw new NotSupportedError('launch', reason);
  }

  returnSlot(slot: number): void {
    this.#freeSlots.push(slot);
  }

  /** From now on the addresses are this kernel's; while paused. */
  add(kernel: CudaKernel): void {
    this.#kernels.push(kernel);
    this.#kernels.sort((a, b) => a.base - b.base);
    this.#writeRanges();
  }

  /** From now on they are nobody's; while paused. */
  remove(kernel: CudaKernel): void {
    this.#kernels.splice(this.#kernels.indexOf(kernel), 1);
    this.#writeRanges();
  }

  /** All at once, when nothing runs any more. */
  clear(): void {
    this.#kernels.length = 0;
  }

  at(address: number): CudaKernel | undefined {
    return this.#kernels.find((k) => address >= k.base && address < k.base + k.instances);
  }

  /** The first of so many numbers of workers that no kernel has. */
  firstWorker(count: number): number {
    let first = 1;
    const taken = this.#kernels.map(({ memory }) => memory.workers);
    for (const range of taken.sort((a, b) => a.first - b.first)) {
      if (first + count <= range.first) break;
      first = range.first + range.count;
    }
    if (first + count <= maxWorkers) return first;
    const reason = `a device has at most ${maxWorkers - 1} workers, ${count} more are wanted`;
    throw new NotSupportedError('launch', reason);
  }

  #writeRanges(): void {
    const { addon, placement, world } = this.#machine;
    const bytes = new Uint8Array(Math.max(1, this.#kernels.length) * rangeLayout.sizeBytes);
    for (const [i, { base, instances, memory }] of this.#kernels.entries()) {
      new StructWriter(rangeLayout, bytes, i * rangeLayout.sizeBytes)
        .u32('base', base)
        .u32('end', base + instances)
        .u32('kernel', memory.slot);
    }
    addon.copyToDevice(world.handle, placement.ranges, bytes);
    const count = new Uint8Array(Uint32Array.of(this.#kernels.length).buffer);
    addon.copyToDevice(world.handle, worldLayout.offsets.range_count as number, count);
  }
}
