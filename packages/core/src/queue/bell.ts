import { NotSupportedError } from '../errors/operation.ts';
import type { AtomicWords } from './atomic-words.ts';

/**
 * Who sleeps looks again after this time, rung or not: a thread that is terminated between publishing and ringing
 * leaves something to find and nobody to say so.
 */
export const lookAgainMs = 1000;

/**
 * A word on which threads sleep. Who waits arms the bell, looks once more for what it waits for, and sleeps; who
 * brings it publishes, then looks at the bell and rings it if it is armed (Dekker's protocol: of the two looks, at
 * least one sees the other side, all four operations being sequentially consistent). Nobody disarms a bell but the
 * ringer: several may wait on one word. So a wait that found something at its second look costs one ring in vain.
 */
export class Bell {
  readonly #words: Int32Array;
  readonly #atomics: AtomicWords;
  readonly #word: number;

  constructor(words: Int32Array, atomics: AtomicWords, word: number) {
    this.#words = words;
    this.#atomics = atomics;
    this.#word = word;
  }

  arm(): void {
    this.#atomics.store(this.#word, 1);
  }

  /** Wakes all who sleep. Costs one load when nobody does. */
  ring(): void {
    if (this.#atomics.load(this.#word) !== 0) this.wake();
  }

  /** Wakes all who sleep and all who are about to. */
  wake(): void {
    this.#atomics.store(this.#word, 0);
    Atomics.notify(this.#words, this.#word);
  }

  /**
   * Blocks the thread until the bell rings, at most so long, and at most `lookAgainMs`. Throws `NotSupportedError`
   * where threads may not block.
   */
  sleep(timeoutMs: number): void {
    try {
      Atomics.wait(this.#words, this.#word, 1, Math.min(timeoutMs, lookAgainMs));
    } catch (cause) {
      const reason = 'this thread may not block';
      const hint = 'use the methods that return promises, or wait: "spin"';
      throw new NotSupportedError('Atomics.wait', reason, { cause, hint });
    }
  }

  /** Resolves when the bell rings. */
  async rung(): Promise<void> {
    if (Atomics.waitAsync === undefined) {
      const hint = 'use tryEnqueue and tryDequeue, or wait in a worker';
      throw new NotSupportedError('Atomics.waitAsync', 'this engine does not have it', { hint });
    }
    const waiting = Atomics.waitAsync(this.#words, this.#word, 1);
    if (waiting.async) await waiting.value;
  }
}
