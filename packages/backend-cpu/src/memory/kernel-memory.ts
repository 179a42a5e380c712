import { controlBlock, counterBlock, instanceWords, latencyBlock } from '@ringkernel/core';

/**
 * The shared memory of one kernel: the control block, a counter block for each thread, a latency block for each
 * worker that owns instances, the words of each instance, their lives, the states, and for each worker that owns instances what
 * its program needs for itself.
 */
export class KernelMemory {
  readonly sizeBytes: number;
  readonly stateOffset: number;
  readonly stateStride: number;
  readonly instancesOffset: number;
  /** A word for each instance: how often it has begun and ended; odd while nobody lives there. */
  readonly livesOffset: number;
  readonly #latencies: number;
  readonly #owners: readonly number[];
  readonly #stages: number;
  readonly #stageBytes: number;
  readonly #befores: number;
  readonly #beforeBytes: number;

  /**
   * `owners`: the threads that own instances, each once, ascending. `stageBytes`: what each needs for itself.
   * `rollback`: each keeps the state of the instance it handles as it was before.
   */
  constructor(
    threads: number,
    owners: readonly number[],
    instances: number,
    stateBytes: number,
    stageBytes: number,
    rollback: boolean,
  ) {
    this.#owners = owners;
    this.#latencies = controlBlock.sizeBytes + threads * counterBlock.sizeBytes;
    this.instancesOffset = line(this.#latencies + owners.length * latencyBlock.sizeBytes);
    this.livesOffset = line(this.instancesOffset + instances * instanceWords.sizeBytes);
    this.stateOffset = line(this.livesOffset + instances * 4);
    this.stateStride = Math.ceil(stateBytes / 8) * 8;
    this.#stages = line(this.stateOffset + instances * this.stateStride);
    this.#stageBytes = line(stageBytes);
    this.#befores = this.#stages + owners.length * this.#stageBytes;
    this.#beforeBytes = rollback ? line(beforeHeadBytes + this.stateStride) : 0;
    this.sizeBytes = this.#befores + owners.length * this.#beforeBytes;
  }

  counters(thread: number): number {
    return controlBlock.sizeBytes + thread * counterBlock.sizeBytes;
  }

  /** Byte offset of the latency block of a thread, -1 when it owns no instance. */
  latency(thread: number): number {
    const index = this.#owners.indexOf(thread);
    return index < 0 ? -1 : this.#latencies + index * latencyBlock.sizeBytes;
  }

  /** Byte offset of what a thread has for itself, -1 when it owns no instance. */
  stage(thread: number): number {
    const index = this.#owners.indexOf(thread);
    return index < 0 ? -1 : this.#stages + index * this.#stageBytes;
  }

  /**
   * Byte offset of a word with the instance whose state is kept, from 1, 0 = none; the state lies `beforeHeadBytes` behind
   * it. -1 when nothing is kept.
   */
  before(thread: number): number {
    const index = this.#owners.indexOf(thread);
    return index < 0 || this.#beforeBytes === 0 ? -1 : this.#befores + index * this.#beforeBytes;
  }

  /** Index of the first word of each latency block. */
  get latencyBlocks(): number[] {
    return this.#owners.map((owner) => this.latency(owner) >>> 2);
  }
}

/** From the word of a kept state to the state. */
export const beforeHeadBytes = 8;

/** Up to the next 64-byte line. */
function line(bytes: number): number {
  return (bytes + 63) & -64;
}
