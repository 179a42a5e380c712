import {
  type DeadLetterReason,
  deadLetterReasons,
  type KernelCounters,
  type LatencySnapshot,
  latencyBucketFloor,
  layoutLimit,
  readCounter,
} from '@ringkernel/core';
import { counterCount, latencyNumbers } from '../layout/device.ts';

/** Numbers of 64 bits that a kernel's mirror has. */
export const mirrorNumbers: number =
  counterCount + latencyNumbers.buckets + layoutLimit.latencyBuckets;

/** Index of each count in the mirror; `dead` is the first of one for each reason. */
const at = {
  sent: 0,
  handled: 1,
  dead: 3,
  pending: 15,
  parked: 16,
  emitted: 17,
  replied: 18,
  errors: 19,
  maxDepth: 20,
  busyNs: 21,
  bytesIn: 22,
  bytesOut: 23,
} as const;

/** What the host counts of a kernel: what it sent, refused and buried by itself. */
export class HostCounts {
  sent = 0;
  rejected = 0;
  terminated = 0;
  /** Faults that were told: the device shows its own count a little later. */
  faults = 0;
  lost = 0;
}

/** Reads what the device shows of a kernel's counts, and adds what the host counted. */
export class CounterReader {
  readonly #words: Int32Array;
  readonly #memoryBytes: number;

  constructor(words: Int32Array, memoryBytes: number) {
    this.#words = words;
    this.#memoryBytes = memoryBytes;
  }

  read(host: HostCounts): KernelCounters {
    const deadLettered = Object.fromEntries(
      deadLetterReasons.map((reason, code) => [reason, this.#number(at.dead + code)]),
    ) as Record<DeadLetterReason, number>;
    deadLettered.terminated += host.terminated;
    deadLettered['device-lost'] += host.lost;
    const hostPending = host.sent - host.rejected - host.terminated;
    return {
      sent: this.#number(at.sent) + host.sent,
      handled: this.#number(at.handled),
      rejected: host.rejected,
      deadLettered,
      pending: this.#number(at.pending) + hostPending - host.lost,
      parked: this.#number(at.parked),
      emitted: this.#number(at.emitted),
      replied: this.#number(at.replied),
      errors: Math.max(host.faults, this.#number(at.errors)),
      maxDepth: this.#number(at.maxDepth),
      busyMs: this.#number(at.busyNs) / 1e6,
      bytesIn: this.#number(at.bytesIn),
      bytesOut: this.#number(at.bytesOut),
      memoryBytes: this.#memoryBytes,
      latency: this.#latency(),
    };
  }

  #number(index: number): number {
    return readCounter(this.#words, 2 * index);
  }

  #latency(): LatencySnapshot {
    const first = counterCount + latencyNumbers.buckets;
    const counts = Array.from({ length: layoutLimit.latencyBuckets }, (_, i) =>
      this.#number(first + i),
    );
    const count = counts.reduce((sum, n) => sum + n, 0);
    if (count === 0) {
      const none = { minUs: 0, meanUs: 0, p50Us: 0, p90Us: 0, p99Us: 0, p999Us: 0, maxUs: 0 };
      return { count, ...none };
    }
    // Kept inverted, so that zeroed memory is no minimum yet.
    const minUs = ~this.#number(counterCount + latencyNumbers.minimum) >>> 0;
    const maxUs = this.#number(counterCount + latencyNumbers.maximum);
    const rank = (share: number): number =>
      quantile(counts, Math.ceil(count * share), minUs, maxUs);
    return {
      count,
      minUs,
      meanUs: this.#number(counterCount + latencyNumbers.sum) / count,
      p50Us: rank(0.5),
      p90Us: rank(0.9),
      p99Us: rank(0.99),
      p999Us: rank(0.999),
      maxUs,
    };
  }
}

/** The middle of the bucket that holds the value of this rank (from 1), within what was measured. */
function quantile(counts: readonly number[], rank: number, minUs: number, maxUs: number): number {
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen < rank) continue;
    const middle = (latencyBucketFloor(bucket) + latencyBucketFloor(bucket + 1) - 1) / 2;
    return Math.min(maxUs, Math.max(minUs, middle));
  }
  return maxUs;
}
