import { layoutLimit, messageHeader } from '@ringkernel/core';
import { copySlots, skipRecord, slotsAt } from './record.ts';
import { Spill } from './spill.ts';

/**
 * What instances of one worker send each other: a ring of records like a lane, but private to the thread, so without
 * atomics. It starts over at the front whenever it is empty, which keeps a quiet worker inside its cache.
 */
export class LocalQueue {
  readonly spill: Spill = new Spill();
  /** Records put in and taken out so far, 32 bits that wrap. */
  entered = 0;
  left = 0;

  readonly #words: Int32Array;
  readonly #slots: number;
  readonly #capacity: number;
  readonly #mask: number;
  #head = 0;
  #tail = 0;

  constructor(arena: SharedArrayBuffer, offset: number, capacity: number) {
    this.#words = new Int32Array(arena);
    this.#slots = offset;
    this.#capacity = capacity;
    this.#mask = capacity - 1;
  }

  get empty(): boolean {
    return this.entered === this.left;
  }

  /** Byte offset of room for a record, or -1. The record counts from now on: write it before anything runs. */
  claim(slots: number): number {
    const position = this.#tail & this.#mask;
    const left = this.#capacity - position;
    const need = slots > left ? slots + left : slots;
    if (((this.#tail + need - this.#head) | 0) > this.#capacity) return -1;
    this.#tail = (this.#tail + need) | 0;
    this.entered = (this.entered + 1) | 0;
    if (need === slots) return this.#slots + position * layoutLimit.slotBytes;
    this.#words[(this.#slots >>> 2) + (position << 4) + messageHeader.flagsWord] = skipRecord;
    return this.#slots;
  }

  /** Byte offset of the oldest record. Only when not `empty`. */
  peek(): number {
    const position = this.#head & this.#mask;
    const offset = this.#slots + position * layoutLimit.slotBytes;
    const packed = this.#words[(offset >>> 2) + messageHeader.flagsWord] as number;
    if ((packed & skipRecord) === 0) return offset;
    this.#head = (this.#head + this.#capacity - position) | 0;
    return this.#slots;
  }

  /** Gives back the room of the record that `peek` found. */
  take(slots: number): void {
    this.left = (this.left + 1) | 0;
    if (this.left === this.entered) {
      this.#head = 0;
      this.#tail = 0;
    } else this.#head = (this.#head + slots) | 0;
  }

  /** Moves spilled records in as far as there is room; how many. */
  unspill(): number {
    let moved = 0;
    while (this.spill.count > 0) {
      const { words, word } = this.spill.first();
      const slots = slotsAt(words, word);
      const offset = this.claim(slots);
      if (offset < 0) break;
      copySlots(words, word, this.#words, offset >>> 2, slots);
      this.spill.shift();
      moved++;
    }
    return moved;
  }
}
