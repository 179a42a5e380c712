import { controlWords } from '../layout/device.ts';
import type { MappedMemory } from './memory.ts';

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
  readonly #spilled: Int32Array[] = [];
  #tail = 0;
  #head = 0;

  constructor(memory: MappedMemory, control: Int32Array, capacity: number, slotBytes: number) {
    this.words = new Int32Array(memory.buffer, 0, (capacity * slotBytes) / 4);
    this.view = new DataView(memory.buffer, 0, capacity * slotBytes);
    this.#control = control;
    this.#mask = capacity - 1;
    this.#slotWords = slotBytes / 4;
  }

  /** Whether the device has taken everything. */
  get empty(): boolean {
    return this.#spilled.length === 0 && this.#refresh() === this.#tail;
  }

  /** How many records found no room yet. */
  get kept(): number {
    return this.#spilled.length;
  }

  get hasRoom(): boolean {
    return this.#spilled.length === 0 && this.#open();
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
    this.#spilled.push(record);
  }

  /** Writes what was kept, as far as there is room. */
  flush(): void {
    while (this.#spilled.length > 0) {
      if (!this.#open()) return;
      this.words.set(this.#spilled.shift() as Int32Array, this.claim());
      this.publish();
    }
  }

  /** Takes out what was kept and is for one of these addresses. */
  recall(wanted: (destination: number) => boolean): Int32Array[] {
    const found: Int32Array[] = [];
    for (const record of this.#spilled.splice(0)) {
      if (wanted((record[13] as number) >>> 0)) found.push(record);
      else this.#spilled.push(record);
    }
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
