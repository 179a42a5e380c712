/** Ids of what the host sends: node (16) | thread 0 (8) | counter (40), as two u32. */
export class MessageIds {
  readonly #high: number;
  #low = 0;
  #carry = 0;

  constructor(nodeId: number) {
    this.#high = (nodeId << 16) >>> 0;
  }

  /** Writes the next id into `id`. */
  next(id: { low: number; high: number }): void {
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low === 0) this.#carry = (this.#carry + 1) & 255;
    id.low = this.#low;
    id.high = this.#high + this.#carry;
  }
}
