/** After so many others, one of a lower priority goes first. */
const starvationBound = 64;
const priorities = 4;

/** Who stands in a line, and how urgent it is: 0 low … 3 critical. */
export interface Prioritized {
  readonly delivery: { readonly priority: number };
}

/** A line served by priority, and within one priority in the order of coming. Nobody is passed over for ever. */
export class PriorityLine<T extends Prioritized> {
  readonly #lines: readonly Set<T>[] = Array.from({ length: priorities }, () => new Set<T>());
  /** How often the first of each priority was passed over. */
  readonly #passed: number[] = Array.from({ length: priorities }, () => 0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(one: T): void {
    this.#lineOf(one).add(one);
    this.#size++;
  }

  /** Leaves without having been served. */
  delete(one: T): void {
    if (this.#lineOf(one).delete(one)) this.#size--;
  }

  /** Who is next. */
  first(): T | undefined {
    let chosen: Set<T> | undefined;
    for (let p = priorities - 1; p >= 0; p--) {
      const line = this.#lines[p] as Set<T>;
      if (line.size === 0) continue;
      if (chosen === undefined || (this.#passed[p] as number) >= starvationBound) chosen = line;
    }
    return chosen?.values().next().value;
  }

  /** Served: it leaves, and the others have been passed over. */
  serve(one: T): void {
    this.delete(one);
    const { priority } = one.delivery;
    this.#passed[priority] = 0;
    for (let p = 0; p < priority; p++) {
      const waiting = (this.#lines[p] as Set<T>).size > 0;
      this.#passed[p] = waiting ? (this.#passed[p] as number) + 1 : 0;
    }
  }

  /** All who stand there. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const line of this.#lines) yield* line;
  }

  #lineOf(one: T): Set<T> {
    return this.#lines[one.delivery.priority] as Set<T>;
  }
}
