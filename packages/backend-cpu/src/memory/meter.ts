import { addToCounter, counterBlock, latencyBlock, latencyBucket } from '@ringkernel/core';

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
  readonly #wide: BigInt64Array;
  readonly #base: number;
  readonly #latency: number;
  #latencySum = 0;
  #latencyCount = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Byte offsets of the thread's blocks; `latencyOffset` is -1 when it owns no instance of the kernel. */
  constructor(memory: SharedArrayBuffer, countersOffset: number, latencyOffset: number) {
    this.#words = new Int32Array(memory);
    this.#wide = new BigInt64Array(memory);
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
    const bucket = latencyBlock.bucketsStrideWords * latencyBucket(us);
    const low = block + latencyBlock.bucketsWord + bucket;
    const count = ((words[low] as number) + 1) | 0;
    if (count !== 0) words[low] = count;
    else addToCounter(words, this.#wide, low, 1); // it has wrapped
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

  #add(word: number, change: number): void {
    addToCounter(this.#words, this.#wide, this.#base + word, change);
  }
}
