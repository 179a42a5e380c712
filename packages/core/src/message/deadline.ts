import { InvalidOptionError } from '../errors/operation.ts';

/** The longest a deadline may lie ahead: half the range of the wrapping milliseconds, 24.8 days. */
export const maxDeadlineMs: number = 2 ** 31 - 1;

/**
 * Deadlines in headers are u32 milliseconds after the device's epoch. They wrap every 49.7 days and are compared by
 * their difference modulo 2^32, like sequence numbers (RFC 1982): right as long as a message is looked at within
 * 24.8 days of its deadline. 0 stands for no deadline, so the one millisecond that would be 0 becomes 1.
 */
export function deadlineAt(epochMs: number, atMs: number): number {
  return Math.floor(atMs - epochMs) >>> 0 || 1;
}

/** The deadline `timeoutMs` from `nowMs` on. Throws `InvalidOptionError` unless it is 0 to `maxDeadlineMs`. */
export function deadlineAfter(epochMs: number, nowMs: number, timeoutMs: number): number {
  if (!(timeoutMs >= 0 && timeoutMs <= maxDeadlineMs)) {
    throw new InvalidOptionError('timeoutMs', `0 to ${maxDeadlineMs}`, timeoutMs);
  }
  return deadlineAt(epochMs, nowMs + timeoutMs);
}

/** Whether `nowMs` (milliseconds after the same epoch, any wrap) is past the deadline; at it is still in time. */
export function isExpired(deadlineMs: number, nowMs: number): boolean {
  return deadlineMs !== 0 && ((nowMs - deadlineMs) | 0) > 0;
}
