import { type RateLimiter, SlidingWindow } from '../flow/rate-limiter.ts';

const windowMs = 1_000;
/** How long the counters of the kernels are not read again. */
const lookMs = 10;

/** A kernel, as far as its traffic is concerned. */
export interface Counted {
  /** Messages that actors have sent to it, and what it sent to nobody. */
  readonly actorMessages: number;
}

/**
 * The messages of a tenant in any second. What comes from the host is let through or refused. What its actors send each
 * other is never held up: their kernels count it, and when the host wants to send, what was counted since the last look
 * is taken off first, as if it had been spread evenly over that time.
 */
export class MessageRate implements RateLimiter {
  readonly #window: SlidingWindow;
  readonly #kernels: Iterable<Counted>;
  #ended = 0;
  #seen = 0;
  #lookedMs: number | undefined;

  constructor(perSecond: number, kernels: Iterable<Counted>) {
    this.#window = new SlidingWindow(perSecond, windowMs);
    this.#kernels = kernels;
  }

  waitMs(nowMs: number): number {
    this.#look(nowMs);
    return this.#window.waitMs(nowMs);
  }

  take(nowMs: number): void {
    this.#window.take(nowMs);
  }

  /** What this kernel counted stays counted. */
  end(kernel: Counted): void {
    this.#ended += kernel.actorMessages;
  }

  #look(nowMs: number): void {
    const sinceMs = this.#lookedMs ?? nowMs - windowMs;
    if (nowMs - sinceMs < lookMs) return;
    this.#lookedMs = nowMs;
    let sum = this.#ended;
    for (const { actorMessages } of this.#kernels) sum += actorMessages;
    // What the host gave may be shown as sent a little later than as taken: then the sum seems to go back.
    if (sum <= this.#seen) return;
    this.#window.takeMany(sum - this.#seen, sinceMs, nowMs);
    this.#seen = sum;
  }
}
