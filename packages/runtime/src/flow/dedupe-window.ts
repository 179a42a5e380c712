/** Who sends twice under this id is answered what the first was. */
export type DedupeId = string | bigint;

interface Sent {
  readonly promise: Promise<bigint>;
  readonly atMs: number;
}

/** The sends of the last time, by the id that their senders gave them. Bounded: the oldest are forgotten first. */
export class DedupeWindow {
  readonly #windowMs: number;
  readonly #capacity: number;
  readonly #nowMs: () => number;
  readonly #sends: Map<DedupeId, Sent> = new Map();
  #duplicates = 0;

  constructor(windowMs: number, capacity: number, nowMs: () => number) {
    this.#windowMs = windowMs;
    this.#capacity = capacity;
    this.#nowMs = nowMs;
  }

  /** How many were not sent because they had been. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Sends, unless it was done under this id. A send that fails is forgotten, so that it can be tried again. */
  once(id: DedupeId, send: () => Promise<bigint>): Promise<bigint> {
    const nowMs = this.#nowMs();
    this.#forget(nowMs - this.#windowMs);
    const known = this.#sends.get(id);
    if (known !== undefined) {
      this.#duplicates++;
      return known.promise;
    }
    const sent: Sent = { promise: send(), atMs: nowMs };
    this.#sends.set(id, sent);
    sent.promise.catch(() => {
      if (this.#sends.get(id) === sent) this.#sends.delete(id);
    });
    if (this.#sends.size > this.#capacity) this.#dropOldest();
    return sent.promise;
  }

  #forget(eldestMs: number): void {
    for (const { atMs } of this.#sends.values()) {
      if (atMs > eldestMs) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    for (const id of this.#sends.keys()) {
      this.#sends.delete(id);
      return;
    }
  }
}
