import type { RingKernelError } from '@ringkernel/core';

/** Something that happened to a kernel. The last one is `terminated`, or `lost` with its device. */
export type KernelEvent =
  | { readonly kind: 'failed'; readonly instance: number; readonly error: RingKernelError }
  | { readonly kind: 'restarted'; readonly instance: number }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'lost'; readonly error: RingKernelError };
