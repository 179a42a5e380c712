import { type FullPolicy, instanceWords } from '@ringkernel/core';
import { priorityAt, slotsAt } from '../queue/record.ts';
import type { WorkerKernel } from './kernel.ts';

/** A priority waits for at most so many messages of higher ones. */
export const starvationBound = 64;

/**
 * The mailbox of an instance that could not handle its messages as they came: its kernel is stopped, or older ones
 * are still waiting. Bounded by the kernel's queue capacity; what is parked behind it is not.
 */
export class Mailbox {
  readonly kernel: WorkerKernel;
  readonly instance: number;
  /** Whether it is on the list of those to work off. */
  ready = false;

  readonly #queues: readonly RecordQueue[] = [0, 1, 2, 3].map(() => new RecordQueue());
  readonly #parked = new RecordQueue();
  readonly #onFull: FullPolicy;
  readonly #depthWord: number;
  #waiting = 0;
  /** Turns since each priority was served while a higher one was. */
  readonly #passed: number[] = [0, 0, 0, 0];

  constructor(kernel: WorkerKernel, instance: number) {
    this.kernel = kernel;
    this.instance = instance;
    this.#onFull = kernel.onFull;
    this.#depthWord = kernel.wordOf(instance) + instanceWords.depthWord;
  }

  get empty(): boolean {
    return this.#waiting === 0 && this.#parked.length === 0;
  }

  /** Takes a copy of the record. Returns the one that has to go to the dead letters for it, or null. */
  add(words: Int32Array, word: number): Int32Array | null {
    const record = words.slice(word, word + (slotsAt(words, word) << 4));
    const full = this.#waiting >= this.kernel.queueCapacity || this.#parked.length > 0;
    if (!full) this.#enqueue(record);
    else if (this.#onFull === 'wait') {
      this.#parked.push(record);
      this.kernel.meter.parked(1);
    } else if (this.#onFull === 'reject') return record;
    else {
      const oldest = (this.#queues.find((queue) => queue.length > 0) as RecordQueue).shift();
      this.#waiting--;
      this.#enqueue(record);
      return oldest;
    }
    this.#tell();
    return null;
  }

  /** The next to handle: the most urgent, then the oldest, but nobody is passed over for ever. */
  next(): Int32Array | null {
    const priority = this.#choose();
    if (priority < 0) return null;
    const record = (this.#queues[priority] as RecordQueue).shift();
    this.#waiting--;
    this.admit();
    return record;
  }

  /** All that wait, in the order of handling. What is parked stays so. */
  takeAll(): Int32Array[] {
    const taken: Int32Array[] = [];
    for (let priority = 3; priority >= 0; priority--) {
      const queue = this.#queues[priority] as RecordQueue;
      while (queue.length > 0) taken.push(queue.shift());
    }
    this.#waiting = 0;
    this.#tell();
    return taken;
  }

  /** Puts back what `takeAll` took and nobody handled. Nothing may have come meanwhile. */
  putBack(records: readonly Int32Array[]): void {
    for (const record of records) this.#enqueue(record);
    this.#tell();
  }

  /** All that are parked, in order of arrival. */
  takeParked(): Int32Array[] {
    const taken: Int32Array[] = [];
    while (this.#parked.length > 0) taken.push(this.#parked.shift());
    this.kernel.meter.parked(-taken.length);
    this.#tell();
    return taken;
  }

  /** Lets parked messages in, oldest first, as far as there is room. */
  admit(): void {
    while (this.#parked.length > 0 && this.#waiting < this.kernel.queueCapacity) {
      this.#enqueue(this.#parked.shift());
      this.kernel.meter.parked(-1);
    }
    this.#tell();
  }

  #choose(): number {
    let chosen = -1;
    for (let p = 3; p >= 0; p--) {
      if ((this.#queues[p] as RecordQueue).length === 0) this.#passed[p] = 0;
      else if (chosen < 0) chosen = p;
      else if ((this.#passed[p] as number) >= starvationBound) chosen = p;
    }
    for (let p = 0; p < chosen; p++) this.#passed[p] = (this.#passed[p] as number) + 1;
    if (chosen >= 0) this.#passed[chosen] = 0;
    return chosen;
  }

  #enqueue(record: Int32Array): void {
    (this.#queues[priorityAt(record, 0)] as RecordQueue).push(record);
    this.#waiting++;
    this.kernel.meter.depth(this.#waiting);
  }

  #tell(): void {
    this.kernel.words[this.#depthWord] = this.#waiting + this.#parked.length;
  }
}

/** First in, first out, without moving what stays. */
class RecordQueue {
  #records: Int32Array[] = [];
  #first = 0;

  get length(): number {
    return this.#records.length - this.#first;
  }

  push(record: Int32Array): void {
    this.#records.push(record);
  }

  /** Only when `length` is not 0. */
  shift(): Int32Array {
    const record = this.#records[this.#first++] as Int32Array;
    if (this.#first === this.#records.length || this.#first === 4096) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
    return record;
  }
}
