import { counterBlock, latencyBlock, layoutLimit } from '@ringkernel/core';

const two32 = 0x1_0000_0000;
const subBits = layoutLimit.latencySubBits;

/** Bucket of a latency: exact below 2^subBits, then 2^subBits buckets for each power of two. */
function latencyBucket(us: number): number {
  if (us < 1 << subBits) return us;
  const exponent = 31 - Math.clz32(us);
  return ((exponent - subBits + 1) << subBits) + ((us >>> (exponent - subBits)) & 15);
}

/** The smallest latency of a bucket, microseconds: the inverse of `latencyBucket`. */
export function bucketFloor(bucket: number): number {
  if (bucket < 1 << subBits) return bucket;
  const exponent = (bucket >>> subBits) + subBits - 1;
  return ((1 << subBits) + (bucket & 15)) * 2 ** (exponent - subBits);
}

/**
 * What one thread counts for one kernel. Counts of a turn are small integers in this object; `flush` adds them to
 * the shared block, of which this thread is the only writer.
 */
export class KernelMeter {
  sent = 0;
  handled = 0;
  /** Put in minus taken out: summed over all threads it is what waits. */
  pending = 0;
  emitted = 0;
  replied = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Messages handled since busy time was last shared out. */
  busyShare = 0;
  /** Whether the kernel is on its thread's list of meters to flush. */
  dirty = false;

  readonly #words: Int32Array;
  readonly #base: number;
  readonly #latency: number;
  #latencySum = 0;
  #latencyCount = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Byte offsets of the thread's blocks; `latencyOffset` is -1 when it owns no instance of the kernel. */
  constructor(memory: SharedArrayBuffer, countersOffset: number, latencyOffset: number) {
    this.#words = new Int32Array(memory);
    this.#base = countersOffset >>> 2;
    this.#latency = latencyOffset >>> 2;
    if (latencyOffset < 0) return;
    // A thread that takes over goes on with what the one before it had measured.
    const least = this.#words[this.#latency + latencyBlock.minUsWord] as number;
    this.#max = this.#words[this.#latency + latencyBlock.maxUsWord] as number;
    if (least !== 0 || this.#max !== 0) this.#min = least;
  }

  /** Nothing of what the thread before this one had parked is there any more. */
  forgetParked(): void {
    this.#add(
      counterBlock.parkedLowWord,
      -(this.#words[this.#base + counterBlock.parkedLowWord] as number),
    );
  }

  /** One message was handled so many microseconds after it was sent. */
  latency(us: number): void {
    const words = this.#words;
    const block = this.#latency;
    const bucket = block + latencyBlock.bucketsWord + latencyBucket(us);
    words[bucket] = (words[bucket] as number) + 1;
    if (us < this.#min) {
      this.#min = us;
      words[block + latencyBlock.minUsWord] = us;
    }
    if (us > this.#max) {
      this.#max = us;
      words[block + latencyBlock.maxUsWord] = us;
    }
    this.#latencySum += us;
    this.#latencyCount++;
  }

  deadLettered(reason: number, count = 1): void {
    this.#add(counterBlock.deadLetteredWord + 2 * reason, count);
  }

  error(): void {
    this.#add(counterBlock.errorsLowWord, 1);
  }

  rejected(count: number): void {
    this.#add(counterBlock.rejectedLowWord, count);
  }

  parked(change: number): void {
    this.#add(counterBlock.parkedLowWord, change);
  }

  busy(us: number): void {
    this.#add(counterBlock.busyUsLowWord, Math.round(us));
  }

  /** A mailbox of the kernel holds so many messages. */
  depth(depth: number): void {
    const word = this.#base + counterBlock.maxDepthLowWord;
    if (depth > (this.#words[word] as number)) this.#words[word] = depth;
  }

  /** Only what was sent: it must be seen before what comes of it. */
  flushSent(): void {
    if (this.sent !== 0) this.#add(counterBlock.sentLowWord, this.sent);
    if (this.pending !== 0) this.#add(counterBlock.pendingLowWord, this.pending);
    this.sent = 0;
    this.pending = 0;
  }

  /** True when the kernel handled something and has no share of the busy time yet. */
  flush(): boolean {
    this.dirty = false;
    this.flushSent();
    if (this.handled !== 0) this.#add(counterBlock.handledLowWord, this.handled);
    if (this.emitted !== 0) this.#add(counterBlock.emittedLowWord, this.emitted);
    if (this.replied !== 0) this.#add(counterBlock.repliedLowWord, this.replied);
    if (this.bytesIn !== 0) this.#add(counterBlock.bytesInLowWord, this.bytesIn);
    if (this.bytesOut !== 0) this.#add(counterBlock.bytesOutLowWord, this.bytesOut);
    const fresh = this.handled !== 0 && this.busyShare === 0;
    this.busyShare += this.handled;
    this.handled = 0;
    this.emitted = 0;
    this.replied = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    if (this.#latencyCount === 0) return fresh;
    const block = this.#latency - this.#base;
    this.#add(block + latencyBlock.sumUsLowWord, this.#latencySum);
    this.#add(block + latencyBlock.countLowWord, this.#latencyCount);
    this.#latencySum = 0;
    this.#latencyCount = 0;
    return fresh;
  }

  /** Adds to a 64-bit counter kept as two words. */
  #add(word: number, change: number): void {
    const words = this.#words;
    const low = this.#base + word;
    const sum = ((words[low] as number) >>> 0) + change;
    words[low] = sum;
    if (sum >= 0 && sum < two32) return;
    words[low + 1] = (words[low + 1] as number) + Math.floor(sum / two32);
  }
}
