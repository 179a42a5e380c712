import { deviceWords } from '../text/bindings.ts';
import { header } from '../text/layout.ts';

/** Words of messages that one upload may have. */
const most = 1 << 20;

/** Messages of the host that go up together, behind what the device is told of the submit; then the place of each. */
export class Batch {
  count = 0;
  #places = new Uint32Array(256);
  #words = new Uint32Array(4096);
  #view: DataView = new DataView(this.#words.buffer);
  #used: number = deviceWords;

  get full(): boolean {
    return this.#used >= most;
  }

  /** The address that the first message is for. */
  get receiver(): number {
    return this.#words[deviceWords + header.destination] as number;
  }

  /** Words of the messages. */
  get messageWords(): number {
    return this.#used - deviceWords;
  }

  /** Words of all that goes up. */
  get uploadWords(): number {
    return this.#used + this.count;
  }

  /** All that goes up, with this about the submit. */
  upload(submit: readonly number[]): Uint32Array {
    const end = this.uploadWords;
    if (end > this.#words.length) this.#grow(end);
    this.#words.set(submit);
    this.#words.set(this.places, this.#used);
    return this.#words.subarray(0, end);
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

  /** Room for a message; returns its first word. The link and what fills the last word of the payload are zero. */
  add(payloadBytes: number): number {
    const at = this.#used;
    const end = at + header.words + ((payloadBytes + 3) >>> 2);
    if (end > this.#words.length) this.#grow(end);
    this.#words[at + header.link] = 0;
    if ((payloadBytes & 3) !== 0) this.#words[end - 1] = 0;
    if (this.count === this.#places.length) {
      const places = new Uint32Array(this.count * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[this.count++] = at;
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
    this.#used = deviceWords;
  }

  #grow(end: number): void {
    const words = new Uint32Array(Math.max(end, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
    this.#view = new DataView(words.buffer);
  }
}
