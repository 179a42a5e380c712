import { RingKernelError } from '@ringkernel/core';

/** The workers could not build a kernel from its program; `cause` is what they say. */
export class ProgramRejectedError extends RingKernelError {
  static readonly code = 'RK_PROGRAM_REJECTED';
  readonly kernelId: string;

  constructor(kernelId: string, cause: unknown) {
    const found = cause instanceof Error ? cause.message : String(cause);
    super(
      ProgramRejectedError.code,
      `Kernel '${kernelId}' should be built from its program, but ${found}`,
      { cause },
    );
    this.kernelId = kernelId;
  }
}
