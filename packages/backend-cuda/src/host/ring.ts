import { controlWords } from '../layout/device.ts';
import type { MappedMemory } from './memory.ts';

/** The way from the device to the host: many write, each slot is published by its own sequence word. */
export class Ring {
  readonly words: Int32Array;
  readonly #control: Int32Array;
  readonly #mask: number;
  readonly #slotWords: number;
  #head = 0;

  /** `at`: where in the memory the slots begin, bytes. Goes on where the last one on this memory was. */
  constructor(
    { buffer }: Pick<MappedMemory, 'buffer'>,
    control: Int32Array,
    capacity: number,
    slotBytes: number,
    at = 0,
  ) {
    this.#head = Atomics.load(control, controlWords.ringHead);
    this.words = new Int32Array(buffer, at, (capacity * slotBytes) / 4);
    this.#control = control;
    this.#mask = capacity - 1;
    this.#slotWords = slotBytes / 4;
  }

  /** Hands out the records that are there, at most so many: the first word of each. How many there were. */
  drain(most: number, take: (word: number) => void): number {
    for (let taken = 0; taken < most; taken++) {
      const word = (this.#head & this.#mask) * this.#slotWords;
      if (Atomics.load(this.words, word) !== ((this.#head + 1) | 0)) return taken;
      take(word);
      this.#head = (this.#head + 1) | 0;
      Atomics.store(this.#control, controlWords.ringHead, this.#head);
    }
    return most;
  }
}
