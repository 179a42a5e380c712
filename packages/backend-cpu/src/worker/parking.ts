import type { AtomicWords } from '@ringkernel/core';
import { type ArenaLayout, threadBlock } from '../memory/arena.ts';

/** A sleeping thread looks around this often even when nobody rings: a net under the protocol, not part of it. */
const sleepMs = 100;
/** While records wait for room in another thread's lane nobody rings when there is some. */
const crampedMs = 0.2;
const longestSkip = 256;
const pollsBetweenClocks = 64;

/**
 * How a worker waits. It polls for a while, if that paid lately: after two failures in a row it skips the next 8, 16
 * … 256 waits, and a success starts over. Then it sets its bell, looks once more, and sleeps (Dekker's protocol:
 * whoever publishes looks at the bell afterwards).
 */
export class Parking {
  readonly #words: Int32Array;
  readonly #atomics: AtomicWords;
  readonly #bell: number;
  readonly #idle: number;
  readonly #spinMs: number;
  #failures = 0;
  #skip = 0;
  #epoch = 0;
  #stirred = false;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    layout: ArenaLayout,
    thread: number,
    spinUs: number,
  ) {
    this.#words = new Int32Array(arena);
    this.#atomics = atomics;
    this.#bell = (layout.thread(thread) + threadBlock.bell) >>> 2;
    this.#idle = (layout.thread(thread) + threadBlock.idle) >>> 2;
    this.#spinMs = spinUs / 1_000;
  }

  /** Polls without giving the core away; whether it found something. */
  spin(found: () => boolean): boolean {
    if (this.#spinMs === 0) return false;
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    let end = 0; // reading the clock costs as much as ten polls: what comes at once does not pay for it
    do {
      for (let i = 0; i < pollsBetweenClocks; i++) {
        if (!found()) continue;
        this.#failures = 0;
        return true;
      }
      if (end === 0) end = performance.now() + this.#spinMs;
    } while (performance.now() < end);
    this.#failures++;
    if (this.#failures >= 2) {
      this.#skip = Math.min(longestSkip, 8 << Math.min(5, this.#failures - 2));
    }
    return false;
  }

  /** Sleeps until `found`. Others see that this thread has nothing left to do; then `told` is called. */
  sleep(found: () => boolean, told: () => void): void {
    this.#nextEpoch();
    told();
    for (;;) {
      this.#atomics.store(this.#bell, 1);
      if (found()) break;
      Atomics.wait(this.#words, this.#bell, 1, sleepMs);
    }
    this.#atomics.store(this.#bell, 0);
    this.#nextEpoch();
  }

  /** The same for a thread with an event loop: `stir` or a bell ends it. */
  async sleepAsync(found: () => boolean, told: () => void): Promise<void> {
    this.#nextEpoch();
    told();
    this.#atomics.store(this.#bell, 1);
    if (!found()) {
      const wait = Atomics.waitAsync(this.#words, this.#bell, 1);
      if (wait.async) await wait.value;
    }
    this.#atomics.store(this.#bell, 0);
    if (!this.#stirred) this.#nextEpoch();
    this.#stirred = false;
  }

  /** Work came up in a thread that may sleep in `sleepAsync`: from now on it is not idle. */
  stir(): void {
    if ((this.#epoch & 1) === 0) return;
    this.#stirred = true;
    this.#nextEpoch();
    this.#atomics.store(this.#bell, 0);
    Atomics.notify(this.#words, this.#bell);
  }

  /** Gives a thread with a full lane the time to take from it. Not idle: records wait here. */
  pause(found: () => boolean): void {
    this.#atomics.store(this.#bell, 1);
    if (!found()) Atomics.wait(this.#words, this.#bell, 1, crampedMs);
    this.#atomics.store(this.#bell, 0);
  }

  #nextEpoch(): void {
    this.#epoch = (this.#epoch + 1) | 0;
    this.#atomics.store(this.#idle, this.#epoch);
  }
}
