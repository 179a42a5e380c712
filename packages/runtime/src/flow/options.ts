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

/** What stands between the host and the mailboxes of a kernel. */
export interface EntranceOptions {
  /** How often a message may come in; beyond that a `RateLimitedError`. */
  readonly rateLimit?: RateLimit;
  /** Holds senders back before the mailboxes are full. */
  readonly waterMarks?: WaterMarks;
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

/** The names are known. Throws `InvalidOptionError`. */
export function checkEntrance(entrance: EntranceOptions): EntranceOptions {
  if (typeof entrance !== 'object' || entrance === null) {
    throw new InvalidOptionError('entrance', 'an object', entrance);
  }
  checkNames(entrance, ['rateLimit', 'waterMarks'], 'entrance');
  return entrance;
}

/** A limiter of this kind. Throws `InvalidOptionError`. */
export function createLimiter(limit: RateLimit): RateLimiter {
  if (limit?.kind === 'token-bucket') {
    checkNames(limit, ['kind', 'perSecond', 'burst'], 'entrance.rateLimit');
    const perSecond = positive('entrance.rateLimit.perSecond', limit.perSecond);
    const burst = limit.burst ?? Math.max(1, Math.ceil(perSecond));
    return new TokenBucket(perSecond, checkInteger('entrance.rateLimit.burst', burst, 1, 2 ** 40));
  }
  if (limit?.kind === 'sliding-window') {
    checkNames(limit, ['kind', 'max', 'windowMs'], 'entrance.rateLimit');
    const max = checkInteger('entrance.rateLimit.max', limit.max, 1, most);
    return new SlidingWindow(max, positive('entrance.rateLimit.windowMs', limit.windowMs));
  }
  const kinds = "an object whose kind is 'token-bucket' or 'sliding-window'";
  throw new InvalidOptionError('entrance.rateLimit', kinds, limit);
}

/** `room` is what all mailboxes hold together: a mark above it would never be reached. */
export function checkWaterMarks(
  marks: WaterMarks,
  onFull: FullPolicy,
  room: number,
): Required<WaterMarks> {
  checkNames(marks, ['highWater', 'lowWater'], 'entrance.waterMarks');
  if (onFull === 'drop-oldest') {
    throw new InvalidOptionError('entrance.waterMarks', "onFull 'wait' or 'reject'", onFull, {
      hint: "with 'drop-oldest' nobody is held back",
    });
  }
  const largest = Math.min(most, room);
  const highWater = checkInteger('entrance.waterMarks.highWater', marks.highWater, 1, largest);
  const lowWater = marks.lowWater ?? Math.floor(highWater / 2);
  return {
    highWater,
    lowWater: checkInteger('entrance.waterMarks.lowWater', lowWater, 0, highWater - 1),
  };
}

export function checkDedupe(options: DedupeOptions): Required<DedupeOptions> {
  checkNames(options, ['windowMs', 'capacity'], 'dedupe');
  const { windowMs = 300_000, capacity = 100_000 } = options;
  return {
    windowMs: checkInteger('dedupe.windowMs', windowMs, 1, longestMs),
    capacity: checkInteger('dedupe.capacity', capacity, 1, most),
  };
}
