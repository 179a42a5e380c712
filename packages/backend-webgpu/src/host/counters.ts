import {
  type DeadLetterReason,
  deadLetterReasons,
  type KernelCounters,
  latencyBlock,
  latencyBucket,
  readLatency,
} from '@ringkernel/core';
import { counter } from '../text/layout.ts';

/** Gauges go up and down: their differences are signed. */
const gauges: readonly number[] = [counter.pending, counter.parked];

/** What a kernel has counted: the device's words, which wrap, added up, and what the host counts itself. */
export class Counters {
  /** Messages of the host that were taken. */
  injected = 0;
  refused = 0;
  lost = 0;
  busyMs = 0;
  readonly #sums: Float64Array = new Float64Array(counter.words);
  readonly #last: Uint32Array = new Uint32Array(counter.words);

  constructor() {
    this.#last[counter.latencyMin] = 0xffff_ffff;
    this.#sums[counter.latencyMin] = 0xffff_ffff;
  }

  /** Takes in the kernel's block; returns how many messages it handled since the last time. */
  take(block: Uint32Array): number {
    const before = this.#sums[counter.handled] as number;
    for (let i = 0; i < counter.words; i++) {
      const now = block[i] as number;
      const last = this.#last[i] as number;
      if (now === last) continue;
      this.#last[i] = now;
      const change = gauges.includes(i) ? (now - last) | 0 : (now - last) >>> 0;
      this.#sums[i] = (this.#sums[i] as number) + change;
    }
    for (const i of [counter.maxDepth, counter.latencyMin, counter.latencyMax]) {
      this.#sums[i] = block[i] as number;
    }
    return this.handled - before;
  }

  get handled(): number {
    return this.#sums[counter.handled] as number;
  }

  /** Messages that have come to an end on the device. */
  get ended(): number {
    let sum = this.handled;
    for (let i = 0; i < deadLetterReasons.length; i++) {
      sum += this.#sums[counter.deadLettered + i] as number;
    }
    return sum;
  }

  /** Counted where they wait: on their way up by the host, else by the device. */
  get pending(): number {
    return this.injected + (this.#sums[counter.pending] as number);
  }

  /** The device is gone, and with it what waited there. */
  lose(): void {
    this.lost = this.pending;
    this.#sums[counter.pending] = (this.#sums[counter.pending] as number) - this.lost;
    this.#sums[counter.parked] = 0;
  }

  read(memoryBytes: number): KernelCounters {
    const of = (word: number): number => this.#sums[word] as number;
    const deadLettered = Object.fromEntries(
      deadLetterReasons.map((reason, code) => [reason, of(counter.deadLettered + code)]),
    ) as Record<DeadLetterReason, number>;
    deadLettered['device-lost'] += this.lost;
    return {
      sent: of(counter.sent) + this.injected + this.refused,
      handled: this.handled,
      rejected: this.refused,
      deadLettered,
      pending: this.pending,
      parked: of(counter.parked),
      emitted: of(counter.emitted),
      replied: of(counter.replied),
      errors: of(counter.errors),
      maxDepth: of(counter.maxDepth),
      busyMs: this.busyMs,
      bytesIn: of(counter.bytesIn),
      bytesOut: of(counter.bytesOut),
      memoryBytes,
      latency: this.#latency(),
    };
  }

  /** In the form of core's histograms, whose buckets are finer. */
  #latency(): KernelCounters['latency'] {
    const words = new Int32Array(latencyBlock.sizeWords);
    words[latencyBlock.countLowWord] = this.handled;
    const sum =
      (this.#last[counter.latencySumLow] as number) +
      (this.#sums[counter.latencySumHigh] as number) * 2 ** 32;
    words[latencyBlock.sumUsLowWord] = sum;
    words[latencyBlock.sumUsHighWord] = Math.floor(sum / 2 ** 32);
    words[latencyBlock.minUsWord] = this.#last[counter.latencyMin] as number;
    words[latencyBlock.maxUsWord] = this.#last[counter.latencyMax] as number;
    for (let i = 0; i < counter.latencyBuckets; i++) {
      const count = this.#sums[counter.latency + i] as number;
      if (count === 0) continue;
      const middle = Math.floor((bucketFloor(i) + bucketFloor(i + 1)) / 2);
      const bucket = latencyBucket(Math.min(0xffff_ffff, middle) >>> 0);
      const word = latencyBlock.bucketsWord + latencyBlock.bucketsStrideWords * bucket;
      words[word] = (words[word] as number) + count;
    }
    return readLatency(words, [0]);
  }
}

/** The smallest latency of one of the device's buckets: 4 for each power of two. */
function bucketFloor(bucket: number): number {
  if (bucket < 4) return bucket;
  return (4 + (bucket & 3)) * 2 ** ((bucket >>> 2) - 1);
}
