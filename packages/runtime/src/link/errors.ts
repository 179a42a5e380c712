import { RingKernelError } from '@ringkernel/core';

/** The two ends did not come to an agreement; nothing was sent. */
export class LinkHandshakeError extends RingKernelError {
  static readonly code = 'RK_LINK_HANDSHAKE';
  readonly reason: string;

  constructor(reason: string, hint: string, cause?: unknown) {
    super(LinkHandshakeError.code, `No secure link: ${reason}`, {
      hint,
      ...(cause === undefined ? {} : { cause }),
    });
    this.reason = reason;
  }
}

/** A frame is not the next one that the other end sent: somebody changed, repeated, moved or left out one. */
export class LinkCorruptedError extends RingKernelError {
  static readonly code = 'RK_LINK_CORRUPTED';
  /** Frames that arrived before it and were sound. */
  readonly soundFrames: number;

  constructor(soundFrames: number, cause: unknown) {
    super(
      LinkCorruptedError.code,
      `Frame ${soundFrames + 1} of the link does not authenticate: it was changed, repeated, moved, or follows one that was left out`,
      { hint: 'open a new link, and find out who touches the bytes in between', cause },
    );
    this.soundFrames = soundFrames;
  }
}

/** The connection ended before the other end said goodbye: messages may be missing. */
export class LinkTruncatedError extends RingKernelError {
  static readonly code = 'RK_LINK_TRUNCATED';

  constructor(cause?: unknown) {
    super(LinkTruncatedError.code, 'The connection ended before the other end closed the link', {
      hint: 'messages may be missing: open a new link and send again what was not answered',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The link is closed; `cause` is why, unless somebody closed it on purpose. */
export class LinkClosedError extends RingKernelError {
  static readonly code = 'RK_LINK_CLOSED';
  readonly operation: string;

  constructor(operation: string, cause?: unknown) {
    super(LinkClosedError.code, `Cannot ${operation}: the link is closed`, {
      hint: 'open a new link',
      ...(cause === undefined ? {} : { cause }),
    });
    this.operation = operation;
  }
}
