import { queueHeader } from '../layout/generated.ts';
import { ProducerReplacedError } from './errors.ts';
import {
  closedBit,
  distance,
  indexMask,
  type SlotRing,
  slotWord,
  voidLength,
} from './slot-ring.ts';

/** Puts messages into a ring: claim a slot, write it, publish. */
export interface SlotWriter {
  readonly ring: SlotRing;
  /** Byte offset of a free slot, or -1 when the ring is full or closed. */
  claim(): number;
  /** Shows the reader what was claimed; false when the ring was closed first: then it never sees it. */
  publish(): boolean;
  /** Takes back the last claim. */
  withdraw(): void;
}

/**
 * The one writer of a ring. It publishes by compare-and-exchange of the tail, so that closing and publishing have an
 * order: what was published before the close is delivered, what comes after it stays with the caller.
 */
export class SingleWriter implements SlotWriter {
  readonly ring: SlotRing;
  readonly epoch: number;
  readonly #epochWord: number;
  #tail: number;
  #published: number;
  #seenHead: number;

  /** Goes on where the last writer stopped publishing. */
  constructor(ring: SlotRing) {
    this.ring = ring;
    this.#epochWord = ring.word(queueHeader.epochWord);
    this.epoch = (Atomics.add(ring.words, this.#epochWord, 1) + 1) | 0;
    this.#tail = ring.atomics.load(ring.tailWord) & indexMask;
    this.#published = this.#tail;
    this.#seenHead = ring.atomics.load(ring.headWord);
  }

  claim(): number {
    this.#checkEpoch();
    const { ring } = this;
    const tail = this.#tail;
    if (distance(tail, this.#seenHead) >= ring.capacity) {
      this.#seenHead = ring.atomics.load(ring.headWord);
      ring.noteDepth(queueHeader.maxDepthWord, distance(this.#published, this.#seenHead));
      if (distance(tail, this.#seenHead) >= ring.capacity) return -1;
    }
    this.#tail = (tail + 1) & indexMask;
    return ring.slotAt(tail);
  }

  publish(): boolean {
    const { words, tailWord } = this.ring;
    const [expected, tail] = [this.#published, this.#tail];
    this.#checkEpoch();
    const found = Atomics.compareExchange(words, tailWord, expected, tail);
    if (found === expected) {
      this.#published = tail;
      return true;
    }
    this.#tail = expected;
    if ((found & closedBit) !== 0) return false;
    throw new ProducerReplacedError(this.epoch, Atomics.load(words, this.#epochWord));
  }

  withdraw(): void {
    this.#tail = (this.#tail - 1) & indexMask;
  }

  /** A writer that was replaced must not touch the slots: they are its heir's. */
  #checkEpoch(): void {
    const current = this.ring.words[this.#epochWord] as number;
    if (current !== this.epoch) throw new ProducerReplacedError(this.epoch, current);
  }
}

/**
 * One of any number of writers of a ring. Each slot carries a sequence: equal to the index when the slot is free,
 * one more when it is full. A writer takes an index from the shared tail by compare-and-exchange, which fails once the
 * ring is closed. After Vyukov, "Bounded MPMC queue" (1024cores.net). A writer that dies between `claim` and
 * `publish` blocks the ring for good: where writers may die, give each a lane of its own.
 */
export class SharedWriter implements SlotWriter {
  readonly ring: SlotRing;
  #claimed = -1;

  constructor(ring: SlotRing) {
    this.ring = ring;
  }

  claim(): number {
    const { ring } = this;
    const { words, atomics, tailWord } = ring;
    let index = atomics.load(tailWord);
    for (;;) {
      if (index < 0) return -1;
      const offset = ring.slotAt(index);
      const ahead = distance(atomics.load((offset >>> 2) + slotWord.sequence), index);
      if (ahead < 0) return -1;
      if (ahead > 0) {
        index = atomics.load(tailWord);
        continue;
      }
      const found = Atomics.compareExchange(words, tailWord, index, (index + 1) & indexMask);
      if (found === index) {
        this.#claimed = index;
        return offset;
      }
      index = found;
    }
  }

  /** Always succeeds: a slot that was claimed before the close is delivered. */
  publish(): boolean {
    const { ring } = this;
    const sequence = (ring.slotAt(this.#claimed) >>> 2) + slotWord.sequence;
    ring.atomics.store(sequence, (this.#claimed + 1) & indexMask);
    return true;
  }

  /** The index is taken and can't go back: the slot is published as void. */
  withdraw(): void {
    const { ring } = this;
    ring.words[(ring.slotAt(this.#claimed) >>> 2) + slotWord.length] = voidLength;
    this.publish();
  }
}
