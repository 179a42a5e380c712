import { header } from '../text/layout.ts';

/** Words of messages that one upload may have. */
const most = 1 << 20;

/** Messages of the host that go up together: the place of each, then they themselves. */
export class Batch {
  count = 0;
  #places = new Uint32Array(256);
  #words = new Uint32Array(4096);
  #view: DataView = new DataView(this.#words.buffer);
  #used = 0;

  get full(): boolean {
    return this.#used >= most;
  }

  /** Messages behind their places, from 0. */
  get messages(): Uint32Array {
    return this.#words.subarray(0, this.#used);
  }

  get places(): Uint32Array {
    return this.#places.subarray(0, this.count);
  }

  get words(): Uint32Array {
    return this.#words;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Room for a message, all zero; returns its first word. */
  add(payloadBytes: number): number {
    const at = this.#used;
    const end = at + header.words + ((payloadBytes + 3) >>> 2);
    if (end > this.#words.length) this.#grow(end);
    // A loop: `fill` takes longer for so few words.
    else for (let i = at; i < end; i++) this.#words[i] = 0;
    if (this.count === this.#places.length) {
      const places = new Uint32Array(this.count * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[this.count++] = at + 1;
    this.#used = end;
    return at;
  }

  /** Takes back the message that was added last. */
  undo(at: number): void {
    this.count--;
    this.#used = at;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
  }

  #grow(end: number): void {
    const words = new Uint32Array(Math.max(end, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
    this.#view = new DataView(words.buffer);
  }
}
