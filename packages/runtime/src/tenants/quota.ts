import { checkInteger, checkNames } from '../options.ts';

/** What a tenant may have. What is left out is not limited. */
export interface TenantQuota {
  /** Kernels that have not ended. */
  readonly maxKernels?: number;
  /** Bytes that their kernels take on the device together. */
  readonly maxMemoryBytes?: number;
  /** Messages to their kernels in any second. Those of actors count, but only what the host sends can be refused. */
  readonly messagesPerSecond?: number;
}

const names: readonly string[] = ['maxKernels', 'maxMemoryBytes', 'messagesPerSecond'];

/** A frozen copy. Throws `InvalidOptionError`. */
export function checkQuota(quota: TenantQuota): TenantQuota {
  checkNames(quota, names, 'quota');
  const { maxKernels, maxMemoryBytes, messagesPerSecond } = quota;
  if (maxKernels !== undefined) checkInteger('maxKernels', maxKernels, 0, 2 ** 24);
  if (maxMemoryBytes !== undefined) checkInteger('maxMemoryBytes', maxMemoryBytes, 0, 2 ** 50);
  if (messagesPerSecond !== undefined) {
    checkInteger('messagesPerSecond', messagesPerSecond, 1, 2 ** 20);
  }
  return Object.freeze({ ...quota });
}
