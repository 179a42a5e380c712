import { MessageTooLargeError } from '../errors/message.ts';
import { addToCounter } from '../layout/counter.ts';
import { layoutLimit, messageHeader, queueHeader } from '../layout/generated.ts';
import type { AtomicWords } from './atomic-words.ts';
import { ProducerReplacedError } from './errors.ts';
import { attachRecordRing, skipBit } from './record-ring.ts';
import { openAtomicWords, type SharedMemory } from './webassembly-atomics.ts';

const { slotBytes } = layoutLimit;

/**
 * The writing end of a record ring: 64-byte slots, one producer, one consumer. A record is a message header and its
 * payload in consecutive slots. `claim` finds room, the caller writes there (words 2 and 3 of the header always: the
 * consumer reads the length and the skip flag from them), and `publish` shows all records claimed since the last one
 * at once, with one atomic store.
 *
 * Indices are 32 bits and wrap. After Lamport, "Specifying Concurrent Program Modules" (1983), with the other side's
 * index cached as in Giacomoni et al., FastForward (2008).
 */
export class RecordProducer {
  readonly capacity: number;
  /** The longest record in slots: half of the capacity, so that one fits wherever an empty ring stands. */
  readonly maxSlots: number;
  readonly atomics: AtomicWords;
  /** Which producer of this ring it is, from 1. */
  readonly epoch: number;

  readonly #words: Int32Array;
  readonly #wide: BigInt64Array;
  readonly #header: number;
  readonly #headWord: number;
  readonly #tailWord: number;
  readonly #epochWord: number;
  readonly #slots: number;
  readonly #mask: number;
  #tail: number;
  #published: number;
  #seenHead: number;
  #claimed = 0;
  #urgent: number;
  #claimedUrgent = 0;

  /**
   * Takes over the ring that `createRecordRing` made there, where the last producer stopped publishing. What that one
   * claimed and did not publish is gone. Do it when that one has ended: if it is still alive, its next call throws,
   * but what it is writing at this moment may lie where the new one writes.
   * Throws `LayoutMismatchError`, `InvalidOptionError`.
   */
  constructor(
    memory: SharedMemory | SharedArrayBuffer,
    byteOffset: number,
    atomics: AtomicWords = openAtomicWords(memory),
  ) {
    const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
    this.capacity = attachRecordRing(buffer, byteOffset);
    this.maxSlots = this.capacity >>> 1;
    this.atomics = atomics;
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
    this.#wide = new BigInt64Array(buffer, 0, buffer.byteLength >>> 3);
    this.#header = byteOffset >>> 2;
    this.#headWord = this.#header + queueHeader.headWord;
    this.#tailWord = this.#header + queueHeader.tailWord;
    this.#epochWord = this.#header + queueHeader.epochWord;
    this.#slots = byteOffset + queueHeader.sizeBytes;
    this.#mask = this.capacity - 1;
    this.epoch = (Atomics.add(this.#words, this.#epochWord, 1) + 1) | 0;
    this.#tail = atomics.load(this.#tailWord);
    this.#published = this.#tail;
    this.#seenHead = atomics.load(this.#headWord);
    this.#urgent = this.#words[this.#header + queueHeader.urgentWord] as number;
  }

  /**
   * Byte offset in the buffer, a multiple of 64, of room for a record of so many slots; -1 when there is none. After
   * -1 publish what is claimed: the consumer can't make room for what it does not see. Throws `MessageTooLargeError`
   * above `maxSlots`, `ProducerReplacedError`.
   */
  claim(slots: number): number {
    if (slots > this.maxSlots) this.#refuse(slots);
    this.#checkEpoch();
    const tail = this.#tail;
    const position = tail & this.#mask;
    const left = this.capacity - position;
    const need = slots > left ? slots + left : slots;
    if (((tail + need - this.#seenHead) | 0) > this.capacity && !this.#room(need)) return -1;
    this.#claimed++;
    this.#tail = (tail + need) | 0;
    const offset = this.#slots + position * slotBytes;
    if (need === slots) return offset;
    this.#words[(offset >>> 2) + messageHeader.flagsWord] = skipBit;
    return this.#slots;
  }

  /** Counts the record last claimed as one of another priority than normal. The consumer sees their number. */
  markUrgent(): void {
    this.#claimedUrgent++;
  }

  /** Shows the consumer every record claimed; they must be written by now. Throws `ProducerReplacedError`. */
  publish(): void {
    const tail = this.#tail;
    if (tail === this.#published) return;
    this.#checkEpoch();
    const words = this.#words;
    addToCounter(words, this.#wide, this.#header + queueHeader.enqueuedLowWord, this.#claimed);
    this.#claimed = 0;
    if (this.#claimedUrgent !== 0) {
      this.#urgent = (this.#urgent + this.#claimedUrgent) | 0;
      this.#claimedUrgent = 0;
      words[this.#header + queueHeader.urgentWord] = this.#urgent;
    }
    this.atomics.store(this.#tailWord, tail);
    this.#published = tail;
  }

  /** Takes back every claim since the last `publish`; the consumer never sees them. */
  discard(): void {
    this.#tail = this.#published;
    this.#claimed = 0;
    this.#claimedUrgent = 0;
  }

  /** Records claimed and not published. */
  get unpublished(): number {
    return this.#claimed;
  }

  /** Slots free for sure, after a look at the consumer's index. */
  freeSlots(): number {
    this.#seenHead = this.atomics.load(this.#headWord);
    return this.capacity - ((this.#tail - this.#seenHead) | 0);
  }

  /** Whether the consumer has given back the slots of everything published. */
  get drained(): boolean {
    return this.atomics.load(this.#headWord) === this.#published;
  }

  /** A producer that was replaced must not touch the slots: they are its heir's. */
  #checkEpoch(): void {
    const current = this.#words[this.#epochWord] as number;
    if (current !== this.epoch) throw new ProducerReplacedError(this.epoch, current);
  }

  #room(need: number): boolean {
    const words = this.#words;
    this.#seenHead = this.atomics.load(this.#headWord);
    const depth = (this.#published - this.#seenHead) | 0;
    const maxDepthWord = this.#header + queueHeader.maxDepthWord;
    if (depth > (words[maxDepthWord] as number)) words[maxDepthWord] = depth;
    if (((this.#tail + need - this.#seenHead) | 0) <= this.capacity) return true;
    addToCounter(words, this.#wide, this.#header + queueHeader.droppedLowWord, 1);
    return false;
  }

  #refuse(slots: number): never {
    throw new MessageTooLargeError('record', slots * slotBytes, this.maxSlots * slotBytes);
  }
}
