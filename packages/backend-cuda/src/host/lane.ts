import { controlWords, laneRequest } from '../layout/device.ts';
import type { MappedMemory } from './memory.ts';
import { headerBytes } from './message.ts';

/**
 * The way from the host to the device: slots in memory that both see, written in place and published with one store.
 * What finds no room may be kept here until there is.
 */
export class Lane {
  readonly words: Int32Array;
  readonly view: DataView;
  readonly #control: Int32Array;
  readonly #mask: number;
  readonly #slotWords: number;
  readonly #kept: Int32Array[] = [];
  #tail = 0;
  #head = 0;

  readonly #onKept: () => void;

  /**
   * `onKept`: something was kept, which `flush` has to write when there is room. `at`: where in the memory the slots begin,
   * bytes. Goes on where the last one on this memory was.
   */
  constructor(
    { buffer }: Pick<MappedMemory, 'buffer'>,
    control: Int32Array,
    capacity: number,
    slotBytes: number,
    onKept: () => void,
    at = 0,
  ) {
    this.#onKept = onKept;
    this.words = new Int32Array(buffer, at, (capacity * slotBytes) / 4);
    this.view = new DataView(buffer, at, capacity * slotBytes);
    this.#tail = Atomics.load(control, controlWords.laneTail);
    this.#control = control;
    this.#mask = capacity - 1;
    this.#slotWords = slotBytes / 4;
  }

  /** The largest payload of a record. */
  get payloadBytes(): number {
    return this.#slotWords * 4 - headerBytes;
  }

  /** How many records the device has not taken. */
  get waiting(): number {
    return this.#kept.length + ((this.#tail - this.#refresh()) | 0);
  }

  /** How many records found no room yet. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Records written so far. */
  get tail(): number {
    return this.#tail;
  }

  get hasRoom(): boolean {
    return this.#kept.length === 0 && this.#open();
  }

  /** First word of the next slot. Only when there is room. */
  claim(): number {
    return (this.#tail & this.#mask) * this.#slotWords;
  }

  publish(): void {
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#control, controlWords.laneTail, this.#tail);
  }

  /** Keeps a whole record until there is room. */
  keep(record: Int32Array): void {
    this.#kept.push(record);
    this.#onKept();
  }

  /** Writes what was kept, as far as there is room. */
  flush(): void {
    while (this.#kept.length > 0) {
      if (!this.#open()) return;
      this.words.set(this.#kept.shift() as Int32Array, this.claim());
      this.publish();
    }
  }

  /**
   * Copies of the messages to these addresses that the device has not taken. They stay in their places, to nobody: what
   * an actor sent is still to be counted off there.
   */
  recall(base: number, end: number): Int32Array[] {
    const found: Int32Array[] = [];
    const visit = (record: Int32Array): void => {
      const destination = (record[13] as number) >>> 0;
      const message = (record[3] as number) >>> 24 === laneRequest.message;
      if (!message || destination < base || destination >= end) return;
      found.push(record.slice());
      record[13] = 0;
    };
    for (let at = this.#refresh(); at !== this.#tail; at = (at + 1) | 0) {
      const word = (at & this.#mask) * this.#slotWords;
      visit(this.words.subarray(word, word + this.#slotWords));
    }
    for (const record of this.#kept) visit(record);
    return found;
  }

  /** Whether a slot is free. Looks at what the device has taken only when none seems to be. */
  #open(): boolean {
    return (
      ((this.#tail - this.#head) | 0) <= this.#mask ||
      ((this.#tail - this.#refresh()) | 0) <= this.#mask
    );
  }

  #refresh(): number {
    this.#head = Atomics.load(this.#control, controlWords.laneHead);
    return this.#head;
  }
}
