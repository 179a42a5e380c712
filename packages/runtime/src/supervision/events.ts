import type { RingKernelError } from '@ringkernel/core';

/** Something that happened in a tree of supervisors. */
export type SupervisionEvent = {
  /** Names from the root supervisor down to the child: `pipeline/stages/parse`. */
  readonly path: string;
} & SupervisionChange;

export type SupervisionChange =
  /** An instance of a child failed (`instance`), or a child that is a supervisor gave up. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly instance?: number }
  /** The restart waits for so long. */
  | { readonly kind: 'delayed'; readonly delayMs: number }
  /** Instances of a kernel go on with new states. */
  | { readonly kind: 'restarted'; readonly instances: readonly number[] }
  /** A kernel that had ended was launched again, under its id. */
  | { readonly kind: 'relaunched' }
  /** A kernel ended and stays so. */
  | { readonly kind: 'ended' }
  /** A supervisor stopped all its children because restarts did not help. Its parent decides what next. */
  | { readonly kind: 'gave-up'; readonly error: RingKernelError }
  /** A supervisor was stopped, and everything below it. */
  | { readonly kind: 'stopped' };
