import {
  counterBlock,
  type DeadLetterReason,
  deadLetterReasons,
  inputReasons,
  type KernelCounters,
  type LatencySnapshot,
  latencyBlock,
} from '@ringkernel/core';
import type { KernelMemory } from './kernel-memory.ts';
import { bucketFloor } from './meter.ts';

const two32 = 0x1_0000_0000;

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
      latency: this.#latency(),
    };
  }

  #deadLettered(reason: DeadLetterReason): number {
    const code = deadLetterReasons.indexOf(reason);
    return this.#sum(counterBlock.deadLetteredWord + 2 * code);
  }

  #sum(word: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      sum += this.#wide((this.#layout.counters(thread) >>> 2) + word);
    }
    return sum;
  }

  #most(word: number): number {
    let most = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      most = Math.max(most, this.#wide((this.#layout.counters(thread) >>> 2) + word));
    }
    return most;
  }

  /** Two words as one number; the high word is read again in case the low one wrapped in between. */
  #wide(word: number): number {
    for (;;) {
      const high = Atomics.load(this.#words, word + 1);
      const low = Atomics.load(this.#words, word) >>> 0;
      if (Atomics.load(this.#words, word + 1) === high) return high * two32 + low;
    }
  }

  #latency(): LatencySnapshot {
    const buckets = new Float64Array(latencyBlock.bucketsLength);
    let count = 0;
    let sum = 0;
    let minUs = Number.POSITIVE_INFINITY;
    let maxUs = 0;
    for (const offset of this.#layout.latencyBlocks) {
      const block = offset >>> 2;
      const own = this.#wide(block + latencyBlock.countLowWord);
      if (own === 0) continue;
      count += own;
      sum += this.#wide(block + latencyBlock.sumUsLowWord);
      minUs = Math.min(minUs, Atomics.load(this.#words, block + latencyBlock.minUsWord) >>> 0);
      maxUs = Math.max(maxUs, Atomics.load(this.#words, block + latencyBlock.maxUsWord) >>> 0);
      for (let i = 0; i < buckets.length; i++) {
        const bucket = Atomics.load(this.#words, block + latencyBlock.bucketsWord + i) >>> 0;
        buckets[i] = (buckets[i] as number) + bucket;
      }
    }
    if (count === 0) minUs = 0;
    const at = (share: number): number => quantile(buckets, count * share, minUs, maxUs);
    return {
      count,
      minUs,
      meanUs: count === 0 ? 0 : sum / count,
      p50Us: at(0.5),
      p90Us: at(0.9),
      p99Us: at(0.99),
      p999Us: at(0.999),
      maxUs,
    };
  }
}

/** The middle of the bucket in which the rank falls, not outside of what was measured. */
function quantile(buckets: Float64Array, rank: number, minUs: number, maxUs: number): number {
  let seen = 0;
  for (let i = 0; i < buckets.length; i++) {
    seen += buckets[i] as number;
    if (seen < rank || seen === 0) continue;
    const middle = (bucketFloor(i) + bucketFloor(i + 1) - 1) / 2;
    return Math.min(maxUs, Math.max(minUs, middle));
  }
  return maxUs;
}
