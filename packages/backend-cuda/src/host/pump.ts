import type { Addon, Handle } from '../native/addon.ts';
import { nowUs } from './clock.ts';

/** Records taken in one turn of the event loop, so that others get theirs. */
const turnRecords = 1024;
/** Conditions that no record announces are looked at this often once the loop has cooled down. */
const lookMs = 1;

interface Watch {
  readonly done: () => boolean;
  readonly resolve: () => void;
}

/**
 * When the host looks at what the device wrote. After traffic it polls, once in each turn of the event loop; then a
 * native thread watches, and an idle program costs nothing.
 */
export class Pump {
  readonly #addon: Addon;
  readonly #waker: Handle;
  readonly #hotUs: number;
  readonly #drain: (most: number) => number;
  readonly #waiting: () => boolean;
  readonly #watches: Watch[] = [];
  #hotUntil = 0;
  /** Something happened since the last turn. */
  #stirred = false;
  #turning = false;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #references = 0;

  constructor(
    addon: Addon,
    context: Handle,
    hotUs: number,
    drain: (most: number) => number,
    waiting: () => boolean,
    watch: (waker: Handle) => void,
  ) {
    this.#addon = addon;
    this.#hotUs = hotUs;
    this.#drain = drain;
    this.#waiting = waiting;
    this.#waker = addon.startWaker(context, 20, 50, () => this.stir());
    watch(this.#waker);
    addon.armWaker(this.#waker);
  }

  /** Something was sent, or may have come: polls for a while. */
  stir(): void {
    this.#stirred = true;
    if (this.#timer !== null) this.#wake();
    if (this.#turning || this.#closed) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  /** What was to be looked at a little later is looked at in the next turn of the event loop. */
  #wake(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    this.#turning = false;
  }

  /** Resolves when it is so; looked at in every turn. */
  async watch(done: () => boolean): Promise<void> {
    if (this.#closed || done()) return;
    await new Promise<void>((resolve) => {
      this.#watches.push({ done, resolve });
      this.stir();
    });
  }

  ref(): void {
    if (this.#references++ === 0 && !this.#closed) this.#addon.refWaker(this.#waker, true);
  }

  unref(): void {
    if (--this.#references === 0 && !this.#closed) this.#addon.refWaker(this.#waker, false);
  }

  /** Takes everything that is there now. */
  drainAll(): void {
    while (this.#drain(turnRecords) > 0);
    this.#look();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#addon.stopWaker(this.#waker);
    for (const { resolve } of this.#watches.splice(0)) resolve();
  }

  readonly #turn = (): void => {
    this.#turning = false;
    this.#timer = null;
    if (this.#closed) return;
    const taken = this.#drain(turnRecords);
    this.#look();
    if (this.#closed) return;
    const now = nowUs();
    if (taken > 0 || this.#stirred) this.#hotUntil = now + this.#hotUs;
    this.#stirred = false;
    if (this.#turning) return;
    if (now < this.#hotUntil) {
      this.#turning = true;
      setImmediate(this.#turn);
      return;
    }
    this.#addon.armWaker(this.#waker);
    const watched = this.#watches.length > 0;
    if (!watched && !this.#waiting()) return;
    this.#turning = true;
    this.#timer = setTimeout(this.#turn, lookMs);
    if (!watched) this.#timer.unref();
  };

  #look(): void {
    for (let i = 0; i < this.#watches.length; i++) {
      const watch = this.#watches[i] as Watch;
      if (!watch.done()) continue;
      this.#watches.splice(i--, 1);
      watch.resolve();
    }
  }
}
