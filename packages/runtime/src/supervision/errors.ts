import { RingKernelError } from '@ringkernel/core';

/** A supervisor restarted as often as it may, and something failed again; `cause` is that failure. */
export class RestartIntensityError extends RingKernelError {
  static readonly code = 'RK_RESTART_INTENSITY';
  readonly supervisorName: string;
  readonly maxRestarts: number;
  readonly withinMs: number;

  constructor(supervisorName: string, maxRestarts: number, withinMs: number, cause: unknown) {
    super(
      RestartIntensityError.code,
      `Supervisor '${supervisorName}' gave up: more than ${maxRestarts} restarts within ${withinMs} ms`,
      { hint: 'see the cause; if such failures are normal, raise maxRestarts', cause },
    );
    this.supervisorName = supervisorName;
    this.maxRestarts = maxRestarts;
    this.withinMs = withinMs;
  }
}

/** The supervisor was stopped or gave up, it takes no children. */
export class SupervisorStoppedError extends RingKernelError {
  static readonly code = 'RK_SUPERVISOR_STOPPED';
  readonly supervisorName: string;

  constructor(supervisorName: string, operation: string, cause?: unknown) {
    super(
      SupervisorStoppedError.code,
      `Cannot ${operation}: supervisor '${supervisorName}' does not run`,
      { hint: 'make another one', ...(cause === undefined ? {} : { cause }) },
    );
    this.supervisorName = supervisorName;
  }
}

/** A kernel failed because one that it is linked to did; `cause` is that failure. */
export class LinkedFailureError extends RingKernelError {
  static readonly code = 'RK_LINKED_FAILURE';
  readonly kernelId: string;
  readonly linkedId: string;

  constructor(kernelId: string, linkedId: string, cause: unknown) {
    super(
      LinkedFailureError.code,
      `Kernel '${kernelId}' fails with '${linkedId}', which it is linked to`,
      { cause },
    );
    this.kernelId = kernelId;
    this.linkedId = linkedId;
  }
}
