import { InstanceLimitError, Roster, type RosterOptions } from '@ringkernel/core';

/** Which instances of a kernel live, which of these have failed, and which index the next one gets. */
export class Instances extends Roster {
  readonly #kernelId: string;
  readonly #room: number;
  /** The first index that nobody had. */
  #fresh: number;
  /** A queue of others where nobody lives; what is before `#head` was given again. */
  #left: number[] = [];
  #head = 0;

  constructor(settings: RosterOptions) {
    super(settings);
    const { id, instances, living = instances } = settings;
    this.#kernelId = id;
    this.#room = instances;
    this.#fresh = living;
  }

  /** Indexes of those that live, ascending. */
  get indexes(): readonly number[] {
    return Array.from({ length: this.#room }, (_, i) => i).filter((i) => this.lives(i));
  }

  /** An index where nobody lives, which nobody else gets now. Throws `InstanceLimitError`. */
  claim(): number {
    if (this.#fresh < this.#room) return this.#fresh++;
    const index = this.#left[this.#head];
    if (index === undefined) throw new InstanceLimitError(this.#kernelId, this.#room);
    this.#head++;
    if (this.#head * 2 > this.#left.length) {
      this.#left = this.#left.slice(this.#head);
      this.#head = 0;
    }
    return index;
  }

  /** This index, which nobody had; those before it are given later. */
  claimFresh(index: number): void {
    if (index < this.#fresh) throw new RangeError(`index ${index} was given before`);
    while (this.#fresh < index) this.#left.push(this.#fresh++);
    this.#fresh++;
  }

  /** The index may be given again: nobody came to live there, or nobody does any more. */
  vacate(index: number): void {
    this.#left.push(index);
  }
}
