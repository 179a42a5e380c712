import type { KernelState } from '../kernel/state.ts';
import type { KernelOperation } from '../kernel/transitions.ts';
import { type ErrorDetails, RingKernelError } from './error.ts';
import { listNames, nearestName } from './nearest-name.ts';

/** No kernel has this id. */
export class KernelNotFoundError extends RingKernelError {
  static readonly code = 'RK_KERNEL_NOT_FOUND';
  readonly kernelId: string;
  readonly knownIds: readonly string[];

  constructor(kernelId: string, knownIds: readonly string[]) {
    const nearest = nearestName(kernelId, knownIds);
    const hint = nearest === undefined ? 'launch() gives a kernel its id' : `is it '${nearest}'?`;
    const message = `No kernel '${kernelId}'; there are: ${listNames(knownIds)}`;
    super(KernelNotFoundError.code, message, { hint });
    this.kernelId = kernelId;
    this.knownIds = knownIds;
  }
}

/** A kernel that has not ended has this id already. */
export class KernelAlreadyExistsError extends RingKernelError {
  static readonly code = 'RK_KERNEL_ALREADY_EXISTS';
  readonly kernelId: string;
  readonly state: KernelState;

  constructor(kernelId: string, state: KernelState) {
    super(
      KernelAlreadyExistsError.code,
      `Kernel '${kernelId}' already exists in state '${state}'`,
      { hint: 'terminate it first or choose another id' },
    );
    this.kernelId = kernelId;
    this.state = state;
  }
}

/** The operation has no meaning in the kernel's state. */
export class InvalidStateTransitionError extends RingKernelError {
  static readonly code = 'RK_INVALID_STATE_TRANSITION';
  readonly kernelId: string;
  readonly operation: KernelOperation;
  readonly state: KernelState;
  /** The states from which the operation is possible. */
  readonly allowedFrom: readonly KernelState[];

  constructor(
    kernelId: string,
    operation: KernelOperation,
    state: KernelState,
    allowedFrom: readonly KernelState[],
  ) {
    super(
      InvalidStateTransitionError.code,
      `Cannot ${operation} kernel '${kernelId}' from state '${state}'`,
      { hint: `possible from: ${allowedFrom.join(', ')}` },
    );
    this.kernelId = kernelId;
    this.operation = operation;
    this.state = state;
    this.allowedFrom = allowedFrom;
  }
}

/** The kernel has ended, or ended while the operation was waiting. */
export class KernelTerminatedError extends RingKernelError {
  static readonly code = 'RK_KERNEL_TERMINATED';
  readonly kernelId: string;
  readonly operation: string;

  constructor(kernelId: string, operation: string, details: ErrorDetails = {}) {
    super(KernelTerminatedError.code, `Cannot ${operation}: kernel '${kernelId}' has terminated`, {
      hint: 'launch it again, the id is free',
      ...details,
    });
    this.kernelId = kernelId;
    this.operation = operation;
  }
}

/** Nobody lives at this index of the kernel: it was never begun, or has been retired. */
export class InstanceNotFoundError extends RingKernelError {
  static readonly code = 'RK_INSTANCE_NOT_FOUND';
  readonly kernelId: string;
  readonly instance: number;
  readonly operation: string;

  constructor(kernelId: string, instance: number, operation: string) {
    super(
      InstanceNotFoundError.code,
      `Cannot ${operation}: kernel '${kernelId}' has no instance ${instance} now`,
      { hint: 'spawn() begins an instance and tells its index' },
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.operation = operation;
  }
}

/** As many instances live as the kernel has room for. */
export class InstanceLimitError extends RingKernelError {
  static readonly code = 'RK_INSTANCE_LIMIT';
  readonly kernelId: string;
  readonly maxInstances: number;

  constructor(kernelId: string, maxInstances: number) {
    super(
      InstanceLimitError.code,
      `Kernel '${kernelId}' has room for ${maxInstances} instances, and all of them live`,
      { hint: 'retire some, or launch with more maxInstances' },
    );
    this.kernelId = kernelId;
    this.maxInstances = maxInstances;
  }
}

/** A check in a handler failed, or the handler called `ctx.fail`; the instance handles nothing more. */
export class HandlerFaultError extends RingKernelError {
  static readonly code = 'RK_HANDLER_FAULT';
  readonly kernelId: string;
  readonly instance: number;
  /** What failed and where: `index out of bounds at counter.ts:12:7 (Add)`. */
  readonly site: string;
  /** The failing index, divisor or the code given to `ctx.fail`. */
  readonly value: number;

  constructor(
    kernelId: string,
    instance: number,
    site: string,
    value: number,
    details: ErrorDetails = {},
  ) {
    super(
      HandlerFaultError.code,
      `Instance ${instance} of kernel '${kernelId}' faulted: ${site}, value ${value}`,
      details,
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.site = site;
    this.value = value;
  }
}

/** A handler ran longer than it may and was ended. What it had written and sent stays. */
export class HandlerTimeoutError extends RingKernelError {
  static readonly code = 'RK_HANDLER_TIMEOUT';
  readonly kernelId: string;
  readonly instance: number;
  readonly timeoutMs: number;

  /** `cause`: whose stack tells where in the handler it was. */
  constructor(kernelId: string, instance: number, timeoutMs: number, cause?: unknown) {
    super(
      HandlerTimeoutError.code,
      `A handler of instance ${instance} of kernel '${kernelId}' ran for more than ${timeoutMs} ms and was ended`,
      { hint: 'does its loop end? If it needs the time, raise handlerTimeoutMs', cause },
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.timeoutMs = timeoutMs;
  }
}

/** A host-only kernel threw; `cause` is what it threw. */
export class HandlerError extends RingKernelError {
  static readonly code = 'RK_HANDLER_ERROR';
  readonly kernelId: string;
  readonly instance: number;

  constructor(kernelId: string, instance: number, cause: unknown) {
    const found = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(HandlerError.code, `Instance ${instance} of kernel '${kernelId}' threw ${found}`, {
      cause,
    });
    this.kernelId = kernelId;
    this.instance = instance;
  }
}
