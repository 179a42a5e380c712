import { InvalidTimestampError } from '../errors/operation.ts';

/** Where hybrid clocks read the time of day from. */
export interface PhysicalClock {
  /** Microseconds since the Unix epoch, at least 0 and below 2^52 (the year 2112). May go backwards. */
  nowUs(): number;
}

/**
 * The system's clock: the milliseconds of `Date.now`, so that it follows the system when its time is set, and
 * within a millisecond the steps of `performance.now`. Never more than a millisecond away from `Date.now`.
 */
export class SystemClock implements PhysicalClock {
  private offsetMs = Number.NaN;

  nowUs(): number {
    const wallMs = Date.now();
    const steadyMs = performance.now();
    const nowMs = this.offsetMs + steadyMs;
    if (nowMs >= wallMs && nowMs < wallMs + 1) return Math.floor(nowMs * 1000);
    this.offsetMs = wallMs - steadyMs;
    return wallMs * 1000;
  }
}

/** A clock that stands still until it is told otherwise, for tests and simulations. */
export class ManualClock implements PhysicalClock {
  private us = 0;

  constructor(us = 0) {
    this.set(us);
  }

  nowUs(): number {
    return this.us;
  }

  /** Goes to any time, earlier ones too. Throws `InvalidTimestampError` for what is no time. */
  set(us: number): void {
    this.us = checkedUs(Math.floor(us));
  }

  advance(us: number): void {
    this.set(this.us + us);
  }
}

/** Refuses what a hybrid clock can't hold. */
export function checkedUs(us: number): number {
  if (us >= 0 && us < 2 ** 52) return us;
  throw new InvalidTimestampError('0 to 2^52 - 1 microseconds', String(us));
}
