import { type ErrorDetails, RingKernelError } from './error.ts';

/** What was awaited did not come in time. */
export class TimeoutError extends RingKernelError {
  static readonly code = 'RK_TIMEOUT';
  /** What was waited for: `receive from kernel 'counters'`. */
  readonly operation: string;
  readonly timeoutMs: number;

  constructor(operation: string, timeoutMs: number, details: ErrorDetails = {}) {
    super(TimeoutError.code, `Timed out after ${timeoutMs} ms: ${operation}`, details);
    this.operation = operation;
    this.timeoutMs = timeoutMs;
  }
}

/** The caller's signal aborted the operation, or what it waited for was closed; `cause` is the reason. */
export class CancelledError extends RingKernelError {
  static readonly code = 'RK_CANCELLED';
  readonly operation: string;

  constructor(operation: string, cause?: unknown) {
    super(CancelledError.code, `Cancelled: ${operation}`, cause === undefined ? {} : { cause });
    this.operation = operation;
  }
}

/** An option has a value it can't have, or a name nobody knows. */
export class InvalidOptionError extends RingKernelError {
  static readonly code = 'RK_INVALID_OPTION';
  readonly option: string;
  readonly wanted: string;
  readonly found: unknown;

  constructor(option: string, wanted: string, found: unknown, details: ErrorDetails = {}) {
    super(
      InvalidOptionError.code,
      `Option '${option}' should be ${wanted}, found ${printed(found)}`,
      details,
    );
    this.option = option;
    this.wanted = wanted;
    this.found = found;
  }
}

/** A value on one line; never throws, whatever was handed over. */
function printed(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** This build, backend or platform can't do it. */
export class NotSupportedError extends RingKernelError {
  static readonly code = 'RK_NOT_SUPPORTED';
  readonly feature: string;
  readonly reason: string;

  constructor(feature: string, reason: string, details: ErrorDetails = {}) {
    super(NotSupportedError.code, `${feature} is not supported: ${reason}`, details);
    this.feature = feature;
    this.reason = reason;
  }
}

/** A clock reading lies further in the future than clocks may differ. */
export class ClockSkewError extends RingKernelError {
  static readonly code = 'RK_CLOCK_SKEW';
  /** How far it is ahead of the local wall clock. */
  readonly skewMs: number;
  readonly maxMs: number;

  constructor(skewMs: number, maxMs: number) {
    super(
      ClockSkewError.code,
      `A clock is ${skewMs} ms ahead of ours, at most ${maxMs} ms are accepted`,
      { hint: 'synchronise the clocks of the machines (NTP) or raise maxSkewMs' },
    );
    this.skewMs = skewMs;
    this.maxMs = maxMs;
  }
}

/** A text or bytes that are no clock reading, or a reading too large for the form asked for. */
export class InvalidTimestampError extends RingKernelError {
  static readonly code = 'RK_INVALID_TIMESTAMP';
  readonly wanted: string;
  readonly found: string;

  constructor(wanted: string, found: string) {
    super(InvalidTimestampError.code, `A clock reading should have ${wanted}, found ${found}`);
    this.wanted = wanted;
    this.found = found;
  }
}
