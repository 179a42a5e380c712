import { type FullPolicy, InvalidOptionError } from '@ringkernel/core';
import { checkInteger, checkNames } from '../options.ts';
import { type RateLimiter, SlidingWindow, TokenBucket } from './rate-limiter.ts';

/** How many messages a second, or in any window. In lockstep a round counts as a millisecond. */
export type RateLimit =
  | {
      readonly kind: 'token-bucket';
      readonly perSecond: number;
      /** How many at once, `perSecond` by default. */
      readonly burst?: number;
    }
  | { readonly kind: 'sliding-window'; readonly max: number; readonly windowMs: number };

/** When host senders are held back, and when they go on: messages that wait in the whole kernel. */
export interface WaterMarks {
  readonly highWater: number;
  /** Half of `highWater` by default. */
  readonly lowWater?: number;
}

/** How long and how many ids of sent messages are remembered. */
export interface DedupeOptions {
  /** Five minutes by default; in lockstep rounds. */
  readonly windowMs?: number;
  /** 100,000 by default. */
  readonly capacity?: number;
}

const most = 2 ** 24;
const longestMs = 2 ** 40;

function positive(option: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidOptionError(option, 'a number above 0', value);
}

/** A limiter of this kind. Throws `InvalidOptionError`. */
export function createLimiter(limit: RateLimit): RateLimiter {
  if (limit?.kind === 'token-bucket') {
    checkNames(limit, ['kind', 'perSecond', 'burst'], 'rateLimit');
    const perSecond = positive('rateLimit.perSecond', limit.perSecond);
    const burst = limit.burst ?? Math.max(1, Math.ceil(perSecond));
    return new TokenBucket(perSecond, checkInteger('rateLimit.burst', burst, 1, 2 ** 40));
  }
  if (limit?.kind === 'sliding-window') {
    checkNames(limit, ['kind', 'max', 'windowMs'], 'rateLimit');
    const max = checkInteger('rateLimit.max', limit.max, 1, most);
    return new SlidingWindow(max, positive('rateLimit.windowMs', limit.windowMs));
  }
  const kinds = "an object whose kind is 'token-bucket' or 'sliding-window'";
  throw new InvalidOptionError('rateLimit', kinds, limit);
}

export function checkWaterMarks(marks: WaterMarks, onFull: FullPolicy): Required<WaterMarks> {
  checkNames(marks, ['highWater', 'lowWater'], 'waterMarks');
  if (onFull === 'drop-oldest') {
    throw new InvalidOptionError('waterMarks', "onFull 'wait' or 'reject'", onFull, {
      hint: "with 'drop-oldest' nobody is held back",
    });
  }
  const highWater = checkInteger('waterMarks.highWater', marks.highWater, 1, most);
  const lowWater = marks.lowWater ?? Math.floor(highWater / 2);
  return { highWater, lowWater: checkInteger('waterMarks.lowWater', lowWater, 0, highWater - 1) };
}

export function checkDedupe(options: DedupeOptions): Required<DedupeOptions> {
  checkNames(options, ['windowMs', 'capacity'], 'dedupe');
  const { windowMs = 300_000, capacity = 100_000 } = options;
  return {
    windowMs: checkInteger('dedupe.windowMs', windowMs, 1, longestMs),
    capacity: checkInteger('dedupe.capacity', capacity, 1, most),
  };
}
