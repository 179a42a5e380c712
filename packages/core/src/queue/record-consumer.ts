import { addToCounter } from '../layout/counter.ts';
import { layoutLimit, messageHeader, queueHeader } from '../layout/generated.ts';
import type { AtomicWords } from './atomic-words.ts';
import { attachRecordRing, recordSlots, skipBit } from './record-ring.ts';
import { openAtomicWords, type SharedMemory } from './webassembly-atomics.ts';

const { slotBytes } = layoutLimit;

/**
 * The reading end of a record ring. `peek` finds the next record, the caller reads it where it lies, and `release`
 * goes on. The slots are given back to the producer when they are a quarter of the ring, and when the ring runs empty:
 * one atomic store for many records.
 */
export class RecordConsumer {
  readonly capacity: number;
  readonly atomics: AtomicWords;

  readonly #words: Int32Array;
  readonly #wide: BigInt64Array;
  readonly #header: number;
  readonly #headWord: number;
  readonly #tailWord: number;
  readonly #slots: number;
  readonly #mask: number;
  readonly #quarter: number;
  #head: number;
  #end: number;
  #givenBack: number;
  #released = 0;
  #urgent: number;

  /**
   * Attaches to the ring that `createRecordRing` made there. A consumer that follows one that died sees again what
   * that one had released and not given back: at most a quarter of the ring, and never half a record.
   * Throws `LayoutMismatchError`, `InvalidOptionError`.
   */
  constructor(
    memory: SharedMemory | SharedArrayBuffer,
    byteOffset: number,
    atomics: AtomicWords = openAtomicWords(memory),
  ) {
    const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
    this.capacity = attachRecordRing(buffer, byteOffset);
    this.atomics = atomics;
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
    this.#wide = new BigInt64Array(buffer, 0, buffer.byteLength >>> 3);
    this.#header = byteOffset >>> 2;
    this.#headWord = this.#header + queueHeader.headWord;
    this.#tailWord = this.#header + queueHeader.tailWord;
    this.#slots = byteOffset + queueHeader.sizeBytes;
    this.#mask = this.capacity - 1;
    this.#quarter = this.capacity >>> 2;
    this.#head = atomics.load(this.#headWord);
    this.#end = this.#head;
    this.#givenBack = this.#head;
    this.#urgent = this.#words[this.#header + queueHeader.urgentWord] as number;
  }

  /** Byte offset of the next record's header, a multiple of 64, or -1. It stays there until `release`. */
  peek(): number {
    if (this.#head === this.#end && !this.poll()) return -1;
    const position = this.#head & this.#mask;
    const offset = this.#slots + position * slotBytes;
    const flags = this.#words[(offset >>> 2) + messageHeader.flagsWord] as number;
    if ((flags & skipBit) === 0) return offset;
    this.#head = (this.#head + this.capacity - position) | 0;
    return this.#slots; // A skip is always published together with the record behind it.
  }

  /** Slots of the record that `peek` found, from the payload length in its header. */
  slotsAt(byteOffset: number): number {
    return recordSlots(this.#words[(byteOffset >>> 2) + messageHeader.payloadBytesWord] as number);
  }

  /** Goes on behind the record that `peek` found, which has so many slots. */
  release(slots: number): void {
    this.#head = (this.#head + slots) | 0;
    this.#released++;
    if (((this.#head - this.#givenBack) | 0) >= this.#quarter) this.giveBack();
  }

  /** Lets the producer use all slots released. `peek` does this when the ring runs empty. */
  giveBack(): void {
    if (this.#givenBack === this.#head) return;
    const dequeuedWord = this.#header + queueHeader.dequeuedLowWord;
    addToCounter(this.#words, this.#wide, dequeuedWord, this.#released);
    this.#released = 0;
    this.#givenBack = this.#head;
    this.atomics.store(this.#headWord, this.#head);
  }

  /** Whether a record is there, after a look at the producer's index if it must be. */
  poll(): boolean {
    if (this.#head !== this.#end) return true;
    this.giveBack();
    this.#end = this.atomics.load(this.#tailWord);
    const depth = (this.#end - this.#head) | 0;
    if (depth === 0) return false;
    const words = this.#words;
    this.#urgent = words[this.#header + queueHeader.urgentWord] as number;
    const mostFoundWord = this.#header + queueHeader.mostFoundWord;
    if (depth > (words[mostFoundWord] as number)) words[mostFoundWord] = depth;
    return true;
  }

  /**
   * Records marked urgent that the producer published, as of the last look; a 32-bit count that wraps. It may run
   * ahead of the records this consumer can see, never behind. Count what you take and compare for equality.
   */
  get urgentPublished(): number {
    return this.#urgent;
  }
}
