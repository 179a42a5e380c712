import { addToCounter } from '../layout/counter.ts';
import { queueHeader } from '../layout/generated.ts';
import { distance, indexMask, type SlotRing, slotWord, voidLength } from './slot-ring.ts';

/** The one reader of a ring: peek at a message, read it, release it, give the slots back. */
export interface SlotReader {
  /** Byte offset of the slot of the next message, or -1. It stays there until `release`. */
  peek(): number;
  /** Goes on behind the message that `peek` found. */
  release(): void;
  /** Lets writers use the slots released. */
  giveBack(): void;
  /** Whether the ring is closed and nothing is left in it. */
  finished(): boolean;
}

/** Reads a ring with one writer: whatever lies before the tail is there. */
export class SingleReader implements SlotReader {
  readonly #ring: SlotRing;
  #head: number;
  #givenBack: number;
  #end: number;

  constructor(ring: SlotRing) {
    this.#ring = ring;
    this.#head = ring.atomics.load(ring.headWord);
    this.#givenBack = this.#head;
    this.#end = this.#head;
  }

  peek(): number {
    const ring = this.#ring;
    if (this.#head === this.#end) {
      this.#end = ring.atomics.load(ring.tailWord) & indexMask;
      if (this.#head === this.#end) return -1;
      ring.noteDepth(queueHeader.mostFoundWord, distance(this.#end, this.#head));
    }
    return ring.slotAt(this.#head);
  }

  release(): void {
    this.#head = (this.#head + 1) & indexMask;
  }

  giveBack(): void {
    const count = distance(this.#head, this.#givenBack);
    if (count === 0) return;
    const ring = this.#ring;
    addToCounter(ring.words, ring.wide, ring.word(queueHeader.dequeuedLowWord), count);
    this.#givenBack = this.#head;
    ring.atomics.store(ring.headWord, this.#head);
  }

  finished(): boolean {
    const tail = this.#ring.atomics.load(this.#ring.tailWord);
    return tail < 0 && (tail & indexMask) === this.#head;
  }
}

/** Reads a ring with any number of writers: a message is there when its slot's sequence says so. */
export class SharedReader implements SlotReader {
  readonly #ring: SlotRing;
  #head: number;
  #givenBack: number;
  #end: number;
  readonly #freed: () => void;
  #taken = 0;

  /**
   * Passes over slots that a reader before this one gave back without having said so. `freed` is called when `peek`
   * passes over a slot without a message: there is room, though nobody takes anything.
   */
  constructor(ring: SlotRing, freed: () => void) {
    this.#ring = ring;
    this.#freed = freed;
    this.#head = ring.atomics.load(ring.headWord);
    while (this.#ahead() >= ring.capacity) this.#head = (this.#head + 1) & indexMask;
    this.#givenBack = this.#head;
    this.#end = this.#head;
    ring.atomics.store(ring.headWord, this.#head);
  }

  peek(): number {
    for (;;) {
      if (this.#ahead() !== 1) return -1;
      if (this.#head === this.#end) this.#look();
      const offset = this.#ring.slotAt(this.#head);
      if (this.#ring.words[(offset >>> 2) + slotWord.length] !== voidLength) return offset;
      this.#pass();
      this.giveBack();
      this.#freed();
    }
  }

  release(): void {
    this.#taken++;
    this.#pass();
  }

  giveBack(): void {
    if (this.#givenBack === this.#head) return;
    const ring = this.#ring;
    addToCounter(ring.words, ring.wide, ring.word(queueHeader.dequeuedLowWord), this.#taken);
    this.#taken = 0;
    this.#givenBack = this.#head;
    ring.atomics.store(ring.headWord, this.#head);
  }

  finished(): boolean {
    const tail = this.#ring.atomics.load(this.#ring.tailWord);
    return tail < 0 && (tail & indexMask) === this.#head;
  }

  /** Sequence of the slot at the head, less the head: 1 when there is a message. */
  #ahead(): number {
    const ring = this.#ring;
    const sequence = (ring.slotAt(this.#head) >>> 2) + slotWord.sequence;
    return distance(ring.atomics.load(sequence), this.#head);
  }

  /** Looks at the tail once per known end, for the largest depth. */
  #look(): void {
    const ring = this.#ring;
    this.#end = ring.atomics.load(ring.tailWord) & indexMask;
    ring.noteDepth(queueHeader.mostFoundWord, distance(this.#end, this.#head));
  }

  #pass(): void {
    const ring = this.#ring;
    const sequence = (ring.slotAt(this.#head) >>> 2) + slotWord.sequence;
    ring.atomics.store(sequence, (this.#head + ring.capacity) & indexMask);
    this.#head = (this.#head + 1) & indexMask;
  }
}
