import { type ErrorDetails, RingKernelError } from '@ringkernel/core';

/** The other end of a link says what no broker says; the link is of no use any more. */
export class K2KFrameError extends RingKernelError {
  static readonly code = 'RK_K2K_FRAME';

  constructor(wanted: string, found: string) {
    super(K2KFrameError.code, `A frame of the broker's link: wanted ${wanted}, found ${found}`, {
      hint: 'both ends must run the same version, and nobody else may use the link',
    });
  }
}

/** The link to another runtime has ended before it said what became of a message: it may have been delivered or not. */
export class K2KLinkLostError extends RingKernelError {
  static readonly code = 'RK_K2K_LINK_LOST';
  /** Node id of the runtime at the other end. */
  readonly node: number;

  constructor(node: number, cause?: unknown) {
    super(K2KLinkLostError.code, `The link to node ${node} has ended`, {
      hint: 'open a new link, join it, and send again with the same dedupeId',
      ...(cause === undefined ? {} : { cause }),
    });
    this.node = node;
  }
}

/** What another runtime has against a message. Its code is the one of the error over there. */
export class RemoteError extends RingKernelError {
  /** Node id of the runtime at the other end of the link. */
  readonly node: number;

  constructor(node: number, code: string, message: string, details: ErrorDetails) {
    super(code, message, details);
    this.node = node;
  }
}
