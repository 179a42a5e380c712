import { type ErrorDetails, RingKernelError } from './error.ts';

/** The device, or a worker of it, is gone, and with it everything that ran there. */
export class DeviceLostError extends RingKernelError {
  static readonly code = 'RK_DEVICE_LOST';
  readonly deviceId: string;
  readonly reason: string;

  constructor(deviceId: string, reason: string, details: ErrorDetails = {}) {
    super(DeviceLostError.code, `Device '${deviceId}' was lost: ${reason}`, details);
    this.deviceId = deviceId;
    this.reason = reason;
  }
}

/** The worker thread that an instance lived on has died; another one took its place, where it can be restarted. */
export class WorkerLostError extends RingKernelError {
  static readonly code = 'RK_WORKER_LOST';
  readonly kernelId: string;
  readonly instance: number;
  readonly reason: string;

  constructor(kernelId: string, instance: number, reason: string, cause?: unknown) {
    super(
      WorkerLostError.code,
      `Instance ${instance} of kernel '${kernelId}' was lost with its worker: ${reason}`,
      {
        hint: 'restart it, or let a supervisor do so',
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.reason = reason;
  }
}

/** The device was closed before or while it was asked. */
export class DeviceClosedError extends RingKernelError {
  static readonly code = 'RK_DEVICE_CLOSED';
  readonly operation: string;

  constructor(operation: string) {
    super(DeviceClosedError.code, `The device was closed, it can't do: ${operation}`, {
      hint: 'open another one',
    });
    this.operation = operation;
  }
}

/** Why one backend can't be used. */
export interface BackendRefusal {
  readonly backend: string;
  readonly reason: string;
  readonly hint?: string;
}

/** The backend asked for, or every backend there is, can't be used here. */
export class BackendUnavailableError extends RingKernelError {
  static readonly code = 'RK_BACKEND_UNAVAILABLE';
  /** What was asked for: a backend's name or `auto`. */
  readonly wanted: string;
  readonly refusals: readonly BackendRefusal[];

  constructor(wanted: string, refusals: readonly BackendRefusal[], details: ErrorDetails = {}) {
    const reasons = refusals.map(
      ({ backend, reason, hint }) =>
        `\n  ${backend}: ${reason}${hint === undefined ? '' : ` (${hint})`}`,
    );
    const found = reasons.length === 0 ? 'no backend is installed' : reasons.join('');
    super(BackendUnavailableError.code, `No usable backend for '${wanted}': ${found}`, details);
    this.wanted = wanted;
    this.refusals = refusals;
  }
}

/** An actor computes with what the device does not have. */
export class MissingCapabilityError extends RingKernelError {
  static readonly code = 'RK_CAPABILITY';
  readonly actor: string;
  readonly deviceId: string;
  readonly missing: readonly string[];

  constructor(actor: string, deviceId: string, missing: readonly string[]) {
    const list = missing.join(', ');
    super(
      MissingCapabilityError.code,
      `${actor} needs ${list}, which '${deviceId}' does not have`,
      {
        hint: `launch it on a device whose capabilities have ${list}, or do without: f32 for f64`,
      },
    );
    this.actor = actor;
    this.deviceId = deviceId;
    this.missing = missing;
  }
}

/** Host and device, or two processes, were built with different layouts. */
export class LayoutMismatchError extends RingKernelError {
  static readonly code = 'RK_LAYOUT_MISMATCH';
  /** Where the hashes met: `kernel 'counters'`, `frame`. */
  readonly subject: string;
  readonly wanted: number;
  readonly found: number;

  constructor(subject: string, wanted: number, found: number) {
    const [a, b] = [wanted, found].map((hash) => `0x${hash.toString(16).padStart(8, '0')}`);
    super(LayoutMismatchError.code, `Layout hash of ${subject} should be ${a}, found ${b}`, {
      hint: 'install the same version of all @ringkernel packages',
    });
    this.subject = subject;
    this.wanted = wanted;
    this.found = found;
  }
}

/** A kernel, its messages or what it sends are more than the device can hold. */
export class DeviceLimitError extends RingKernelError {
  static readonly code = 'RK_DEVICE_LIMIT';
  /** What is limited: `bytes of states`, `threads of a block`. */
  readonly subject: string;
  readonly wanted: number;
  readonly limit: number;

  constructor(subject: string, wanted: number, limit: number, hint: string) {
    super(
      DeviceLimitError.code,
      `${subject} should be at most ${limit} on this device, found ${wanted}`,
      { hint },
    );
    this.subject = subject;
    this.wanted = wanted;
    this.limit = limit;
  }
}
