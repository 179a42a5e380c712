import { RingKernelError } from '@ringkernel/core';
import type { Receipt } from './receipt.ts';

/** A call through the broker got no reply; `cause` is why, where the receiver's end said so. */
export class K2KCallError extends RingKernelError {
  static readonly code = 'RK_K2K_CALL';
  /** How far the message came. `Delivered`: its handler failed. */
  readonly receipt: Receipt;

  constructor(receipt: Receipt) {
    const { type, destination, status, source, error } = receipt;
    const why = error instanceof Error ? `: ${error.message}` : '';
    const outcome = status === 'Delivered' ? 'failed there' : `was not handled (${status})`;
    super(
      K2KCallError.code,
      `'${type}' to '${destination}' from kernel '${source.kernelId}' ${outcome}${why}`,
      { hint: 'see `receipt`: its trace says where it ended', cause: error },
    );
    this.receipt = receipt;
  }
}
