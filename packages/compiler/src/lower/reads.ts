import type { UserFunction } from '../parse/index.ts';

/** A value that a function found outside itself: what was compiled holds only while it stays the same. */
export interface OutsideRead {
  readonly owner: UserFunction;
  /** The name, and the members after it. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What the functions of one actor read from outside, each value once, in the order of reading. */
export class Reads {
  readonly list: OutsideRead[] = [];
  readonly #known = new Map<UserFunction, Set<string>>();

  note(owner: UserFunction, path: readonly string[], value: unknown): void {
    const known = this.#known.get(owner) ?? new Set();
    this.#known.set(owner, known);
    const key = JSON.stringify(path);
    if (known.has(key)) return;
    known.add(key);
    this.list.push({ owner, path, value });
  }
}
