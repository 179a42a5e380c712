import { type ArenaLayout, threadBlock } from '../memory/arena.ts';

/** Whether the host wants something of this thread: then a turn ends before its next handler, however long handlers take. */
export class HostRequests {
  /** Control requests carried out so far, 32 bits that wrap. */
  seen = 0;
  readonly #words: Int32Array;
  readonly #control: number;

  constructor(words: Int32Array, layout: ArenaLayout, thread: number) {
    this.#words = words;
    this.#control = (layout.thread(thread) + threadBlock.control) >>> 2;
  }

  /** Plain, so that it can be asked for each message; the thread looks at the same word atomically between turns. */
  get asked(): boolean {
    return this.#words[this.#control] !== this.seen;
  }
}
