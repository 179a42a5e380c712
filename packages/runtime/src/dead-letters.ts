import type { DeadLetterReason } from '@ringkernel/core';

/** A message that could not be delivered or handled, kept to be looked at. */
export interface DeadLetter {
  readonly reason: DeadLetterReason;
  /** The kernel it was for; for replies and emits the one it came from. */
  readonly kernelId: string;
  /** Name of the message; undefined when the kernel knows no such type. */
  readonly type: string | undefined;
  readonly typeId: number;
  /** Address of the sender, 0 = the host. */
  readonly source: number;
  /** Address of the receiver, 0 = the host. */
  readonly destination: number;
  readonly correlation: bigint;
  /** The decoded payload; its bytes (`Uint8Array`) when the type is not known. */
  readonly payload: unknown;
}

/** The last dead letters of a runtime: the newest are kept, how many gave way is counted. */
export class DeadLetters implements Iterable<DeadLetter> {
  readonly capacity: number;
  readonly #ring: DeadLetter[] = [];
  #first = 0;
  #evicted = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** How many are kept now. */
  get size(): number {
    return this.#ring.length;
  }

  /** How many were let go because there were newer ones. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The oldest first. */
  *[Symbol.iterator](): IterableIterator<DeadLetter> {
    const { length } = this.#ring;
    for (let i = 0; i < length; i++) yield this.#ring[(this.#first + i) % length] as DeadLetter;
  }

  /** A copy, the oldest first. */
  toArray(): DeadLetter[] {
    return [...this];
  }

  /** The runtime's own: adds one. */
  add(letter: DeadLetter): void {
    if (this.#ring.length < this.capacity) {
      this.#ring.push(letter);
      return;
    }
    this.#evicted++;
    if (this.capacity === 0) return;
    this.#ring[this.#first] = letter;
    this.#first = (this.#first + 1) % this.capacity;
  }
}
