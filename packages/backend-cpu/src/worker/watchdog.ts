/** Rounds of loops between two looks at the clock: microseconds in a quick loop, some milliseconds in a slow one. */
const roundsPerTick = 16_384;

/** `name` of what ends a handler, by which the host knows it. */
export const overtimeName = 'HandlerOvertime';

/**
 * Ends handlers that run too long. Loops of interruptible programs call `tick` now and then, so nothing but a counter
 * is spent on handlers that are quick, and the thread with everything that waits in it lives on.
 */
export class Watchdog {
  /** Handlers begun so far. */
  handlers = 0;
  readonly #timeoutMs: number;
  /** The handler that was running at the last tick that began one, and when that was. */
  #handler = -1;
  #sinceMs = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** `env.tick`: throws when the handler has had its time. */
  tick(): number {
    const nowMs = performance.now();
    if (this.#handler !== this.handlers) {
      this.#handler = this.handlers;
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs > this.#timeoutMs) {
      const error = new Error(`more than ${this.#timeoutMs} ms`);
      error.name = overtimeName;
      throw error;
    }
    return roundsPerTick;
  }
}
