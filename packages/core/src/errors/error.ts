/** What every RingKernel error can carry besides its message. */
export interface ErrorDetails {
  /** What to do about it, in one sentence. */
  readonly hint?: string;
  /** The error underneath, kept as it was. */
  readonly cause?: unknown;
}

/**
 * The one root of all errors. `code` is stable and documented in docs/errors.md; the message names
 * what was wanted and what was found.
 */
export class RingKernelError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    const { hint, cause } = details;
    super(
      hint === undefined ? message : `${message} (${hint})`,
      cause === undefined ? undefined : { cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.hint = hint;
  }
}
