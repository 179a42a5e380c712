import { type AtomicWords, layoutLimit, messageHeader } from '@ringkernel/core';
import { laneHead } from '../memory/arena.ts';
import { copySlots, skipRecord, slotsAt } from './record.ts';
import { Spill } from './spill.ts';

/**
 * A lane is a ring of 64-byte slots with one producer and one consumer. A record is a header and its payload in
 * consecutive slots; one that would cross the end is preceded by a record that says so. The producer stores the tail
 * once for a batch, the consumer the head once for a quarter of the ring, each with release order.
 * Indices are 32 bits and wrap. After Lamport 1977 with cached indices (Giacomoni et al., FastForward, 2008).
 */
export class LaneWriter {
  /** The thread at the other end. */
  readonly peer: number;
  /** Records that found no room, in order; as long as there are any, later ones go behind them. */
  readonly spill: Spill = new Spill();
  /** Whether the lane is on the list of those to publish. */
  dirty = false;
  /** Records written since the last `publish`. */
  pending = 0;

  readonly #words: Int32Array;
  readonly #atomics: AtomicWords;
  readonly #head: number;
  readonly #tail: number;
  readonly #urgentWord: number;
  readonly #slots: number;
  readonly #capacity: number;
  readonly #mask: number;
  #tailIndex = 0;
  /** The tail before the last claim. */
  #before = 0;
  #published = 0;
  #seenHead = 0;
  #urgent = 0;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    offset: number,
    capacity: number,
    peer: number,
  ) {
    this.peer = peer;
    this.#words = new Int32Array(arena);
    this.#atomics = atomics;
    this.#head = (offset + laneHead.head) >>> 2;
    this.#tail = (offset + laneHead.tail) >>> 2;
    this.#urgentWord = (offset + laneHead.urgent) >>> 2;
    this.#slots = offset + laneHead.sizeBytes;
    this.#capacity = capacity;
    this.#mask = capacity - 1;
    // A thread that takes over goes on behind what was published; at first that is nothing.
    this.#tailIndex = atomics.load(this.#tail);
    this.#published = this.#tailIndex;
    this.#seenHead = atomics.load(this.#head);
    this.#urgent = this.#words[this.#urgentWord] as number;
  }

  /** Byte offset of room for a record of so many slots, or -1. It is seen after the next `publish`. */
  claim(slots: number, priority: number): number {
    const position = this.#tailIndex & this.#mask;
    const left = this.#capacity - position;
    const need = slots > left ? slots + left : slots;
    if (((this.#tailIndex + need - this.#seenHead) | 0) > this.#capacity) {
      this.#seenHead = this.#atomics.load(this.#head);
      if (((this.#tailIndex + need - this.#seenHead) | 0) > this.#capacity) return -1;
    }
    if (priority !== 1) this.#urgent = (this.#urgent + 1) | 0;
    this.pending++;
    this.#before = this.#tailIndex;
    this.#tailIndex = (this.#tailIndex + need) | 0;
    if (need === slots) return this.#slots + position * layoutLimit.slotBytes;
    const skipped = (this.#slots >>> 2) + (position << 4) + messageHeader.flagsWord;
    this.#words[skipped] = skipRecord;
    return this.#slots;
  }

  /** Takes the last claim back; nothing may have been published since. */
  unclaim(priority: number): void {
    if (priority !== 1) this.#urgent = (this.#urgent - 1) | 0;
    this.pending--;
    this.#tailIndex = this.#before;
  }

  /** Shows the consumer everything written so far. */
  publish(): void {
    this.pending = 0;
    if (this.#published === this.#tailIndex) return;
    this.#words[this.#urgentWord] = this.#urgent;
    this.#atomics.store(this.#tail, this.#tailIndex);
    this.#published = this.#tailIndex;
  }

  /** Moves spilled records into the lane as far as there is room; how many. */
  unspill(): number {
    let moved = 0;
    while (this.spill.count > 0) {
      const { words, word } = this.spill.first();
      const slots = slotsAt(words, word);
      const offset = this.claim(slots, (words[word + messageHeader.priorityWord] as number) & 3);
      if (offset < 0) break;
      copySlots(words, word, this.#words, offset >>> 2, slots);
      this.spill.shift();
      moved++;
    }
    return moved;
  }

  /** Whether a quarter of the ring is free: enough to go on after it was full. */
  hasRoom(): boolean {
    this.#seenHead = this.#atomics.load(this.#head);
    return ((this.#tailIndex - this.#seenHead) | 0) <= this.#capacity - (this.#capacity >>> 2);
  }

  /** Whether the consumer has taken everything, as far as it said. For the host's view of quiet. */
  get drained(): boolean {
    return this.spill.count === 0 && this.#atomics.load(this.#head) === this.#tailIndex;
  }
}

const takenWord = (laneHead.taken - laneHead.head) >>> 2;
const begunWord = (laneHead.begun - laneHead.head) >>> 2;
const urgentTakenWord = (laneHead.urgentTaken - laneHead.head) >>> 2;

/** The consumer's end of a lane. */
export class LaneReader {
  /** The thread at the other end. */
  readonly peer: number;

  readonly #words: Int32Array;
  readonly #atomics: AtomicWords;
  readonly #head: number;
  readonly #tail: number;
  readonly #urgentWord: number;
  readonly #slots: number;
  readonly #mask: number;
  readonly #capacity: number;
  readonly #quarter: number;
  #headIndex = 0;
  #end = 0;
  #released = 0;
  #urgentSeen = 0;
  #urgentTaken = 0;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    offset: number,
    capacity: number,
    peer: number,
  ) {
    this.peer = peer;
    this.#words = new Int32Array(arena);
    this.#atomics = atomics;
    this.#head = (offset + laneHead.head) >>> 2;
    this.#tail = (offset + laneHead.tail) >>> 2;
    this.#urgentWord = (offset + laneHead.urgent) >>> 2;
    this.#slots = offset + laneHead.sizeBytes;
    this.#mask = capacity - 1;
    this.#capacity = capacity;
    this.#quarter = capacity >>> 2;
    // A thread that takes over goes on behind what was taken; at first that is nothing.
    this.#headIndex = this.#words[this.#head + takenWord] as number;
    this.#end = this.#headIndex;
    this.#released = atomics.load(this.#head);
    this.#urgentTaken = this.#words[this.#head + urgentTakenWord] as number;
    this.#urgentSeen = this.#urgentTaken;
  }

  /** The record that `peek` found is going to be handled. */
  begin(): void {
    this.#words[this.#head + begunWord] = (this.#headIndex + 1) | 0;
  }

  /** Whether a thread that has died was handling the record that `peek` found. */
  get interrupted(): boolean {
    return this.#words[this.#head + begunWord] === ((this.#headIndex + 1) | 0);
  }

  /** Byte offset of the next record, or -1. It stays where it is until `take`. */
  peek(): number {
    if (this.#headIndex === this.#end && !this.poll()) return -1;
    const position = this.#headIndex & this.#mask;
    const offset = this.#slots + position * layoutLimit.slotBytes;
    const packed = this.#words[(offset >>> 2) + messageHeader.flagsWord] as number;
    if ((packed & skipRecord) === 0) return offset;
    this.#headIndex = (this.#headIndex + this.#capacity - position) | 0;
    return this.#slots; // a skip is always published with the record behind it
  }

  /** Gives back the room of the record that `peek` found. */
  take(slots: number, priority: number): void {
    if (priority !== 1) {
      this.#urgentTaken = (this.#urgentTaken + 1) | 0;
      this.#words[this.#head + urgentTakenWord] = this.#urgentTaken;
    }
    this.#headIndex = (this.#headIndex + slots) | 0;
    this.#words[this.#head + takenWord] = this.#headIndex;
    if (((this.#headIndex - this.#released) | 0) >= this.#quarter) this.release();
  }

  /** Tells the producer how far the reader is. */
  release(): void {
    if (this.#released === this.#headIndex) return;
    this.#released = this.#headIndex;
    this.#atomics.store(this.#head, this.#headIndex);
  }

  /** Looks at the tail; whether something is there. */
  poll(): boolean {
    if (this.#headIndex !== this.#end) return true;
    this.#end = this.#atomics.load(this.#tail);
    if (this.#headIndex === this.#end) return false;
    this.#urgentSeen = this.#words[this.#urgentWord] as number;
    return true;
  }

  /** Whether records of another priority than normal are, or are about to be, in the lane. */
  get urgent(): boolean {
    return this.#urgentSeen !== this.#urgentTaken;
  }
}

/** Whether the consumer of the lane at this byte offset has taken all that was published. For an onlooker. */
export function laneEmpty(words: Int32Array, offset: number): boolean {
  const tail = Atomics.load(words, (offset + laneHead.tail) >>> 2);
  return Atomics.load(words, (offset + laneHead.head) >>> 2) === tail;
}
