import {
  counterBlock,
  type DeadLetterReason,
  deadLetterReasons,
  inputReasons,
  type KernelCounters,
  readCounter,
  readLatency,
} from '@ringkernel/core';
import type { KernelMemory } from './kernel-memory.ts';

/** The host's reader of what all threads have counted for a kernel. */
export class CounterReader {
  readonly #words: Int32Array;
  readonly #layout: KernelMemory;
  readonly #threads: number;

  constructor(memory: SharedArrayBuffer, layout: KernelMemory, threads: number) {
    this.#words = new Int32Array(memory);
    this.#layout = layout;
    this.#threads = threads;
  }

  /** Messages that have an end: handled, or buried for a reason that counts against `sent`. */
  finished(): number {
    let sum = this.#sum(counterBlock.handledLowWord) + this.#sum(counterBlock.rejectedLowWord);
    for (const reason of inputReasons) sum += this.#deadLettered(reason);
    return sum;
  }

  sent(): number {
    return this.#sum(counterBlock.sentLowWord);
  }

  read(): KernelCounters {
    const finished = {
      handled: this.#sum(counterBlock.handledLowWord),
      rejected: this.#sum(counterBlock.rejectedLowWord),
      deadLettered: Object.fromEntries(
        deadLetterReasons.map((reason) => [reason, this.#deadLettered(reason)]),
      ) as Record<DeadLetterReason, number>,
    };
    return {
      ...finished,
      sent: this.sent(),
      pending: this.#sum(counterBlock.pendingLowWord),
      parked: this.#sum(counterBlock.parkedLowWord),
      emitted: this.#sum(counterBlock.emittedLowWord),
      replied: this.#sum(counterBlock.repliedLowWord),
      errors: this.#sum(counterBlock.errorsLowWord),
      maxDepth: this.#most(counterBlock.maxDepthLowWord),
      busyMs: this.#sum(counterBlock.busyUsLowWord) / 1_000,
      bytesIn: this.#sum(counterBlock.bytesInLowWord),
      bytesOut: this.#sum(counterBlock.bytesOutLowWord),
      memoryBytes: this.#layout.sizeBytes,
      latency: readLatency(this.#words, this.#layout.latencyBlocks),
    };
  }

  #deadLettered(reason: DeadLetterReason): number {
    const code = deadLetterReasons.indexOf(reason);
    return this.#sum(counterBlock.deadLetteredWord + 2 * code);
  }

  #sum(word: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      sum += readCounter(this.#words, (this.#layout.counters(thread) >>> 2) + word);
    }
    return sum;
  }

  #most(word: number): number {
    let most = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      most = Math.max(most, readCounter(this.#words, (this.#layout.counters(thread) >>> 2) + word));
    }
    return most;
  }
}
