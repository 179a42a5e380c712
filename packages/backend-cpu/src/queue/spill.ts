import { largestRecordBytes } from '../memory/arena.ts';
import { copySlots, slotsAt } from './record.ts';

/** Words of a segment: at least one largest record. */
const segmentWords = Math.max(32_768, largestRecordBytes >>> 2);
const recycled: Int32Array[] = [];
const maxRecycled = 64;

/** A private first-in, first-out list of records, in segments that are used again. It is as long as it must be. */
export class Spill {
  count = 0;
  #segments: Int32Array[] = [];
  /** Words in use of each segment. */
  #used: number[] = [];
  #first = 0;
  #read = 0;

  push(words: Int32Array, word: number): void {
    const slots = slotsAt(words, word);
    let last = this.#segments.length - 1;
    if (last < this.#first || (this.#used[last] as number) + (slots << 4) > segmentWords) {
      this.#segments.push(recycled.pop() ?? new Int32Array(segmentWords));
      this.#used.push(0);
      last++;
    }
    const at = this.#used[last] as number;
    copySlots(words, word, this.#segments[last] as Int32Array, at, slots);
    this.#used[last] = at + (slots << 4);
    this.count++;
  }

  /** The oldest record. Only when `count` is not 0. */
  first(): { readonly words: Int32Array; readonly word: number } {
    return { words: this.#segments[this.#first] as Int32Array, word: this.#read };
  }

  /** Drops the oldest record. */
  shift(): void {
    const segment = this.#segments[this.#first] as Int32Array;
    this.#read += slotsAt(segment, this.#read) << 4;
    this.count--;
    if (this.#read < (this.#used[this.#first] as number)) return;
    if (recycled.length < maxRecycled) recycled.push(segment);
    this.#read = 0;
    this.#first++;
    if (this.#first === this.#segments.length || this.#first > 256) {
      this.#segments = this.#segments.slice(this.#first);
      this.#used = this.#used.slice(this.#first);
      this.#first = 0;
    }
  }
}
