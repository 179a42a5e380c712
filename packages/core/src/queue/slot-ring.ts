import { readCounter } from '../layout/counter.ts';
import { layoutLimit, queueHeader } from '../layout/generated.ts';
import type { AtomicWords } from './atomic-words.ts';

/** Index of a slot: 31 bits that wrap. The bit above them in the tail's word says that the ring is closed. */
export const indexMask = 0x7fff_ffff;
export const closedBit: number = 1 << 31;

/** Words of a slot: the sequence of a shared ring, the length of the message; the message begins behind them. */
export const slotWord = { sequence: 0, length: 1 } as const;
export const slotHeadBytes = 8;
/** Length of a slot whose sender failed while writing: the receiver passes over it. */
export const voidLength = -1;

/** a - b of two indices that may have wrapped in between. */
export function distance(a: number, b: number): number {
  return ((a - b) << 1) >> 1;
}

/** Bytes of a slot: head and message, in whole cache lines so that neighbours don't share one. */
export function slotBytesFor(messageBytes: number): number {
  const line = layoutLimit.slotBytes;
  return Math.ceil((slotHeadBytes + messageBytes) / line) * line;
}

export function slotRingBytes(capacity: number, messageBytes: number): number {
  return queueHeader.sizeBytes + capacity * slotBytesFor(messageBytes);
}

/** Counts of one ring, read from any thread. */
export interface SlotRingCounts {
  readonly dequeued: number;
  readonly rejected: number;
  readonly depth: number;
  readonly maxDepth: number;
  readonly closed: boolean;
}

/**
 * A ring of slots of one size: `queueHeader`, then the slots. The writers and readers in this folder work on it; all
 * of them know its layout from here.
 */
export class SlotRing {
  readonly words: Int32Array;
  readonly wide: BigInt64Array;
  readonly atomics: AtomicWords;
  readonly capacity: number;
  readonly headWord: number;
  readonly tailWord: number;

  readonly #header: number;
  readonly #slots: number;
  readonly #slotBytes: number;
  readonly #mask: number;

  constructor(
    buffer: SharedArrayBuffer,
    byteOffset: number,
    capacity: number,
    messageBytes: number,
    atomics: AtomicWords,
  ) {
    this.words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
    this.wide = new BigInt64Array(buffer, 0, buffer.byteLength >>> 3);
    this.atomics = atomics;
    this.capacity = capacity;
    this.#header = byteOffset >>> 2;
    this.headWord = this.#header + queueHeader.headWord;
    this.tailWord = this.#header + queueHeader.tailWord;
    this.#slots = byteOffset + queueHeader.sizeBytes;
    this.#slotBytes = slotBytesFor(messageBytes);
    this.#mask = capacity - 1;
  }

  /** Empties the ring and lets its indices begin at `first`. Nobody may be attached. */
  reset(first = 0): void {
    this.words.fill(0, this.#header, this.#header + queueHeader.sizeWords);
    this.words[this.headWord] = first & indexMask;
    this.words[this.tailWord] = first & indexMask;
    for (let n = 0; n < this.capacity; n++) {
      const index = (first + n) & indexMask;
      this.words[(this.slotAt(index) >>> 2) + slotWord.sequence] = index;
    }
  }

  /** Byte offset of the slot of an index. */
  slotAt(index: number): number {
    return this.#slots + (index & this.#mask) * this.#slotBytes;
  }

  /** Index of a word of this ring's `queueHeader`. */
  word(headerWord: number): number {
    return this.#header + headerWord;
  }

  get closed(): boolean {
    return this.atomics.load(this.tailWord) < 0;
  }

  /** Nothing more can be published from now on. */
  close(): void {
    Atomics.or(this.words, this.tailWord, closedBit);
  }

  /** Raises one of the two words for the largest depth. Each is written by one side only. */
  noteDepth(headerWord: number, depth: number): void {
    const word = this.#header + headerWord;
    if (depth > (this.words[word] as number)) this.words[word] = depth;
  }

  /** Counts messages refused. Several senders may do that at once. */
  countRejected(messages: number): void {
    const word = this.#header + queueHeader.droppedLowWord;
    Atomics.add(this.wide, word >>> 1, BigInt(messages));
  }

  counts(): SlotRingCounts {
    const { words } = this;
    const head = this.atomics.load(this.headWord);
    const tail = this.atomics.load(this.tailWord);
    const depth = Math.max(0, distance(tail & indexMask, head));
    const seen = Math.max(
      words[this.word(queueHeader.maxDepthWord)] as number,
      words[this.word(queueHeader.mostFoundWord)] as number,
    );
    return {
      dequeued: readCounter(words, this.word(queueHeader.dequeuedLowWord)),
      rejected: readCounter(words, this.word(queueHeader.droppedLowWord)),
      depth,
      maxDepth: Math.max(seen, depth),
      closed: tail < 0,
    };
  }
}
