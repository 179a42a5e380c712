import {
  type DeadLetterReason,
  type ErrorDetails,
  listNames,
  nearestName,
  RingKernelError,
} from '@ringkernel/core';

/** The runtime was closed before or while it was asked. */
export class RuntimeClosedError extends RingKernelError {
  static readonly code = 'RK_RUNTIME_CLOSED';
  readonly operation: string;

  constructor(operation: string) {
    super(RuntimeClosedError.code, `Cannot ${operation}: the runtime is closed`, {
      hint: 'create another one',
    });
    this.operation = operation;
  }
}

/** Every instance of the kernel has failed; `cause` is the last fault. */
export class KernelFailedError extends RingKernelError {
  static readonly code = 'RK_KERNEL_FAILED';
  readonly kernelId: string;
  readonly operation: string;

  constructor(kernelId: string, operation: string, cause?: unknown) {
    super(KernelFailedError.code, `Cannot ${operation}: kernel '${kernelId}' has failed`, {
      hint: 'restart its instances, or terminate it and launch it again',
      ...(cause === undefined ? {} : { cause }),
    });
    this.kernelId = kernelId;
    this.operation = operation;
  }
}

/** What the sender of a dead letter could do, by the reason. */
const hints: Partial<Record<DeadLetterReason, string>> = {
  'queue-full': 'raise queueCapacity, or launch with onFull: "wait"',
  expired: 'raise deadlineMs',
  'instance-failed': "see the kernel's faults()",
  terminated: 'its kernel ended, or the instance was retired',
  'output-full': 'raise outputQueueCapacity, or receive faster',
};

/** A message that somebody waits for an answer to went to the dead letters. */
export class UndeliveredError extends RingKernelError {
  static readonly code = 'RK_UNDELIVERED';
  readonly kernelId: string;
  readonly instance: number;
  readonly messageName: string;
  readonly reason: DeadLetterReason;

  constructor(kernelId: string, instance: number, messageName: string, reason: DeadLetterReason) {
    const hint = hints[reason];
    const details: ErrorDetails = hint === undefined ? {} : { hint };
    super(
      UndeliveredError.code,
      `'${messageName}' to instance ${instance} of kernel '${kernelId}' was not handled: ${reason}`,
      details,
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.messageName = messageName;
    this.reason = reason;
  }
}
/** The loop of a host-only actor can't be taken to a worker. */
export class HostProgramError extends RingKernelError {
  static readonly code = 'RK_HOST_PROGRAM';
  readonly actorName: string;
  /** Names that the loop uses from around it. */
  readonly captured: readonly string[];

  constructor(
    actorName: string,
    captured: readonly string[],
    problem: string,
    details: ErrorDetails = {},
  ) {
    super(HostProgramError.code, `Host actor '${actorName}': ${problem}`, details);
    this.actorName = actorName;
    this.captured = captured;
  }
}

/** A listener took its events too slowly to see them all. */
export class FeedOverflowError extends RingKernelError {
  static readonly code = 'RK_FEED_OVERFLOW';
  readonly subject: string;
  readonly capacity: number;

  constructor(subject: string, capacity: number) {
    super(
      FeedOverflowError.code,
      `${subject}: more than ${capacity} events waited for their listener`,
      { hint: 'take them faster, and start anew from what there is now' },
    );
    this.subject = subject;
    this.capacity = capacity;
  }
}

/** The name is taken by another entry of the registry. */
export class NameTakenError extends RingKernelError {
  static readonly code = 'RK_NAME_TAKEN';
  readonly registeredName: string;

  constructor(registeredName: string) {
    super(NameTakenError.code, `The name '${registeredName}' is taken`, {
      hint: 'unregister it first, or choose another one',
    });
    this.registeredName = registeredName;
  }
}

/** Nobody is registered under the name. */
export class NameNotFoundError extends RingKernelError {
  static readonly code = 'RK_NAME_NOT_FOUND';
  readonly wantedName: string;
  readonly knownNames: readonly string[];

  constructor(wantedName: string, knownNames: readonly string[]) {
    const nearest = nearestName(wantedName, knownNames);
    super(
      NameNotFoundError.code,
      `Nobody is registered as '${wantedName}'; there are: ${listNames(knownNames)}`,
      nearest === undefined ? {} : { hint: `is it '${nearest}'?` },
    );
    this.wantedName = wantedName;
    this.knownNames = knownNames;
  }
}

/** Messages come faster than a limit allows. */
export class RateLimitedError extends RingKernelError {
  static readonly code = 'RK_RATE_LIMITED';
  readonly kernelId: string;
  /** Whose limit it is: `kernel 'x'` or `tenant 'y'`. */
  readonly subject: string;
  /** When the next message will be taken, if nobody else sends one. */
  readonly retryAfterMs: number;

  constructor(kernelId: string, subject: string, retryAfterMs: number) {
    super(
      RateLimitedError.code,
      `Kernel '${kernelId}' took no message: the rate limit of ${subject} is over`,
      { hint: `try again in ${Math.ceil(retryAfterMs)} ms` },
    );
    this.kernelId = kernelId;
    this.subject = subject;
    this.retryAfterMs = retryAfterMs;
  }
}

/** So many messages wait in the kernel that its senders are held back. */
export class BackpressureError extends RingKernelError {
  static readonly code = 'RK_BACKPRESSURE';
  readonly kernelId: string;
  readonly highWater: number;

  constructor(kernelId: string, highWater: number) {
    super(
      BackpressureError.code,
      `Kernel '${kernelId}' holds its senders back: its high-water mark of ${highWater} messages was reached`,
      { hint: 'send less, or raise entrance.waterMarks.highWater' },
    );
    this.kernelId = kernelId;
    this.highWater = highWater;
  }
}

/** A kernel and whose it is. */
export interface Owned {
  readonly id: string;
  readonly settings: { readonly tenant: string | undefined };
}

function ownerOf({ settings: { tenant } }: Owned): string {
  return tenant === undefined ? 'no tenant' : `tenant '${tenant}'`;
}

/** Kernels of different tenants do not send to each other. */
export class TenantMismatchError extends RingKernelError {
  static readonly code = 'RK_TENANT_MISMATCH';
  readonly fromKernelId: string;
  readonly fromTenant: string | undefined;
  readonly toKernelId: string;
  readonly toTenant: string | undefined;

  constructor(from: Owned, to: Owned) {
    super(
      TenantMismatchError.code,
      `Kernel '${from.id}' of ${ownerOf(from)} may not send to kernel '${to.id}' of ${ownerOf(to)}`,
      { hint: 'launch both with the same tenant, or let the host carry the message' },
    );
    this.fromKernelId = from.id;
    this.fromTenant = from.settings.tenant;
    this.toKernelId = to.id;
    this.toTenant = to.settings.tenant;
  }
}

/** A kernel was to belong to somebody nobody knows. */
export class TenantNotFoundError extends RingKernelError {
  static readonly code = 'RK_TENANT_NOT_FOUND';
  readonly tenant: string;
  readonly knownTenants: readonly string[];

  constructor(tenant: string, knownTenants: readonly string[]) {
    super(
      TenantNotFoundError.code,
      `There is no tenant '${tenant}'; there are: ${listNames(knownTenants)}`,
      { hint: 'add it with runtime.tenants.add' },
    );
    this.tenant = tenant;
    this.knownTenants = knownTenants;
  }
}

/** A tenant would have more than it may. */
export class QuotaExceededError extends RingKernelError {
  static readonly code = 'RK_QUOTA_EXCEEDED';
  readonly tenant: string;
  /** Which quota: `maxKernels`, `maxMemoryBytes`, or which budget of which engagement. */
  readonly quota: string;
  readonly limit: number;
  readonly wanted: number;

  constructor(tenant: string, quota: string, limit: number, wanted: number) {
    super(
      QuotaExceededError.code,
      `Tenant '${tenant}' would have ${wanted}, its ${quota} is ${limit}`,
      { hint: 'terminate one of its kernels, or give it a larger quota or budget' },
    );
    this.tenant = tenant;
    this.quota = quota;
    this.limit = limit;
    this.wanted = wanted;
  }
}
