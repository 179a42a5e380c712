import { InvalidOptionError, TimeoutError } from '../errors/operation.ts';
import type { Bell } from './bell.ts';

/**
 * How a thread waits. `spin` polls and never sleeps: least delay, and a whole core. `block` sleeps at once: no cost,
 * but a wake-up takes microseconds. `spin-then-wait` polls for up to 100 µs, as long as that pays, then sleeps.
 */
export type WaitStrategy = 'spin' | 'spin-then-wait' | 'block';

const spinMs = 0.1;
const pollsBetweenClocks = 64;
const longestSkip = 256;

export function checkedTimeout(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  if (timeoutMs >= 0) return timeoutMs;
  throw new InvalidOptionError('timeoutMs', 'a number of at least 0', timeoutMs);
}

/**
 * Waits on a thread that may block. Polling adapts: after two failures in a row the next 8, 16 … 256 waits go
 * straight to sleep, and one success starts over. A fixed time of polling costs both the poll and the wake-up whenever
 * the answer takes a little longer.
 */
export class BlockingWait {
  readonly #bell: Bell;
  #failures = 0;
  #skip = 0;

  constructor(bell: Bell) {
    this.#bell = bell;
  }

  /** Calls `attempt` until it returns something else than undefined. Throws `TimeoutError`. */
  until<R>(
    attempt: () => R | undefined,
    strategy: WaitStrategy,
    timeoutMs: number | undefined,
    operation: string,
  ): R {
    const end = performance.now() + checkedTimeout(timeoutMs);
    let result = this.#poll(attempt, strategy, end);
    while (result === undefined) {
      const left = end - performance.now();
      if (strategy === 'spin' || left <= 0) throw new TimeoutError(operation, timeoutMs ?? 0);
      this.#bell.arm();
      result = attempt();
      if (result !== undefined) break;
      this.#bell.sleep(left);
      result = attempt();
    }
    return result;
  }

  #poll<R>(attempt: () => R | undefined, strategy: WaitStrategy, end: number): R | undefined {
    if (strategy === 'block') return attempt();
    const spins = strategy === 'spin';
    if (!spins && this.#skip > 0) {
      this.#skip--;
      return attempt();
    }
    const until = spins ? end : Math.min(end, performance.now() + spinMs);
    do {
      for (let n = 0; n < pollsBetweenClocks; n++) {
        const result = attempt();
        if (result === undefined) continue;
        this.#failures = 0;
        return result;
      }
    } while (performance.now() < until);
    this.#failures++;
    if (this.#failures >= 2) {
      this.#skip = Math.min(longestSkip, 8 << Math.min(5, this.#failures - 2));
    }
    return undefined;
  }
}
