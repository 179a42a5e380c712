/** The states of a kernel's life, in the order they are reached. */
export const kernelStates = [
  'created',
  'launched',
  'active',
  'deactivated',
  'terminating',
  'terminated',
  'failed',
] as const;

export type KernelState = (typeof kernelStates)[number];
