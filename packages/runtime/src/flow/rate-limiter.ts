import type { RingKernelError } from '@ringkernel/core';

/** How often something may happen. Times are milliseconds of a clock that never goes back. */
export interface RateLimiter {
  /** How long until it may happen once more, 0 = now. Takes nothing. */
  waitMs(nowMs: number): number;
  /** It happens. Called only when `waitMs` is 0. */
  take(nowMs: number): void;
  /** Where waiting may not help: why. */
  exceeded?(): RingKernelError | undefined;
}

/** A wait without what sums of fractions lose: who waits as long as was said must be let through. */
function rounded(waitMs: number): number {
  return waitMs < 1e-6 ? 0 : waitMs;
}

/** `burst` at once, then `perSecond`: unused tokens add up to `burst`. */
export class TokenBucket implements RateLimiter {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  waitMs(nowMs: number): number {
    return rounded((1 - this.#tokensAt(nowMs)) / this.#perMs);
  }

  take(nowMs: number): void {
    this.#tokens = this.#tokensAt(nowMs) - 1;
    this.#filledMs = nowMs;
  }

  #tokensAt(nowMs: number): number {
    const gained = (nowMs - this.#filledMs) * this.#perMs;
    return Math.min(this.#burst, this.#tokens + gained);
  }
}

/** At most `max` in any `windowMs`, exactly: the times of the last `max` are kept. */
export class SlidingWindow implements RateLimiter {
  readonly #windowMs: number;
  readonly #times: Float64Array;
  /** Where the oldest time is. */
  #oldest = 0;

  constructor(max: number, windowMs: number) {
    this.#windowMs = windowMs;
    this.#times = new Float64Array(max).fill(Number.NEGATIVE_INFINITY);
  }

  waitMs(nowMs: number): number {
    const freeMs = (this.#times[this.#oldest] as number) + this.#windowMs;
    return rounded(freeMs - nowMs);
  }

  take(nowMs: number): void {
    this.#times[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.#times.length;
  }

  /** So many happened since then, nobody knows when: evenly, but not before what is known already. */
  takeMany(count: number, sinceMs: number, nowMs: number): void {
    const { length } = this.#times;
    const last = this.#times[(this.#oldest + length - 1) % length] as number;
    const stepMs = (nowMs - sinceMs) / count;
    for (let i = Math.max(0, count - length); i < count; i++) {
      this.take(Math.max(last, sinceMs + (i + 1) * stepMs));
    }
  }
}

/** Whose limit is over, and for how long. */
export interface OverLimit {
  /** `kernel 'x'` or `tenant 'y'`. */
  readonly subject: string;
  readonly retryAfterMs: number;
  /** Why it is not a matter of time, if so. */
  readonly error: RingKernelError | undefined;
}

/** A limiter, and whose it is. */
export interface Limit {
  readonly subject: string;
  readonly limiter: RateLimiter;
}

/** Several limits that all must allow. One that refuses costs the others nothing. */
export class RateLimits {
  readonly #limits: readonly Limit[];
  readonly #nowMs: () => number;
  #refused = 0;

  constructor(limits: readonly Limit[], nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** How many were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one from each limit, or tells which is over and takes from none. */
  take(): OverLimit | undefined {
    if (this.#limits.length === 0) return undefined;
    const nowMs = this.#nowMs();
    for (const { subject, limiter } of this.#limits) {
      const retryAfterMs = limiter.waitMs(nowMs);
      if (retryAfterMs === 0) continue;
      this.#refused++;
      return { subject, retryAfterMs, error: limiter.exceeded?.() };
    }
    for (const { limiter } of this.#limits) limiter.take(nowMs);
    return undefined;
  }
}
