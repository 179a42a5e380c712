import type { Receipt } from './receipt.ts';

interface Kept {
  readonly receipt: Receipt;
  readonly atMs: number;
}

/** Receipts of messages whose fate is known: the newest are kept, for a while. */
export class Receipts {
  readonly #capacity: number;
  readonly #maxAgeMs: number;
  readonly #kept: Map<string, Kept> = new Map();

  constructor(capacity: number, maxAgeMs: number) {
    this.#capacity = capacity;
    this.#maxAgeMs = maxAgeMs;
  }

  /** How many are kept now. */
  get size(): number {
    this.#expire();
    return this.#kept.size;
  }

  add(receipt: Receipt): void {
    this.#kept.set(receipt.id, { receipt, atMs: performance.now() });
    this.#expire();
    if (this.#kept.size > this.#capacity) this.#dropOldest();
  }

  get(id: string): Receipt | undefined {
    this.#expire();
    return this.#kept.get(id)?.receipt;
  }

  #expire(): void {
    const eldestMs = performance.now() - this.#maxAgeMs;
    for (const { atMs } of this.#kept.values()) {
      if (atMs >= eldestMs) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    for (const id of this.#kept.keys()) {
      this.#kept.delete(id);
      return;
    }
  }
}
