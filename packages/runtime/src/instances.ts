import { InstanceLimitError, Roster, type RosterOptions } from '@ringkernel/core';

/** Which instances of a kernel live, which of these have failed, and which index the next one gets. */
export class Instances {
  readonly #kernelId: string;
  readonly #room: number;
  readonly #roster: Roster;
  /** Where nobody lives: first those that were never used, then those that were left longest ago. */
  readonly #vacant: number[];

  constructor(settings: RosterOptions) {
    const { id, instances, living = instances } = settings;
    this.#kernelId = id;
    this.#room = instances;
    this.#roster = new Roster(settings);
    this.#vacant = Array.from({ length: instances - living }, (_, i) => living + i);
  }

  /** How many live. */
  get count(): number {
    return this.#roster.living;
  }

  /** Indexes of those that live, ascending. */
  get living(): readonly number[] {
    return Array.from({ length: this.#room }, (_, i) => i).filter((i) => this.#roster.lives(i));
  }

  get failedCount(): number {
    return this.#roster.failed.size;
  }

  lives(index: number): boolean {
    return this.#roster.lives(index);
  }

  hasFailed(index: number): boolean {
    return this.#roster.failed.has(index);
  }

  /** Throws `InstanceNotFoundError` where nobody lives. */
  check(index: number, operation: string): void {
    this.#roster.check(index, operation);
  }

  fail(index: number): void {
    this.#roster.fail(index);
  }

  recover(index: number): void {
    this.#roster.recover(index);
  }

  /** An index where nobody lives, or this one, which nobody else gets now. Throws `InstanceLimitError`. */
  claim(wanted?: number): number {
    const at = wanted === undefined ? 0 : this.#vacant.indexOf(wanted);
    const [index] = this.#vacant.splice(at, 1);
    if (index === undefined) throw new InstanceLimitError(this.#kernelId, this.#room);
    return index;
  }

  /** The index that was claimed is free again: the next to be given. */
  release(index: number): void {
    this.#vacant.unshift(index);
  }

  /** Somebody lives at the index that was claimed. */
  begin(index: number): void {
    this.#roster.begin(index);
  }

  /** Nobody lives there any more; it is given again after `vacate`. */
  end(index: number): void {
    this.#roster.end(index);
  }

  vacate(index: number): void {
    this.#vacant.push(index);
  }
}
