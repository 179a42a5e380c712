import { type ErrorDetails, RingKernelError } from '@ringkernel/core';

/** A backend option is unknown or has a value that can't be used. Code `RK_CPU_OPTION`. */
export class CpuOptionError extends RingKernelError {
  constructor(name: string, value: unknown, wanted: string) {
    super('RK_CPU_OPTION', `option ${name}: wanted ${wanted}, found ${String(value)}`, {
      hint: 'the options of this backend are workers, laneCapacity, spinUs and hostSpinUs',
    });
  }
}

/** A launch asks for what this device can't do. Code `RK_CPU_LAUNCH`. */
export class CpuLaunchError extends RingKernelError {
  constructor(kernel: string, problem: string, details: ErrorDetails = {}) {
    super('RK_CPU_LAUNCH', `kernel ${kernel}: ${problem}`, details);
  }
}

/** The device was closed before or while it was asked. Code `RK_CPU_CLOSED`. */
export class CpuClosedError extends RingKernelError {
  constructor(action: string) {
    super('RK_CPU_CLOSED', `${action}: the device is closed`);
  }
}

/** The device was asked for something its schedule does not have. Code `RK_CPU_SCHEDULE`. */
export class CpuScheduleError extends RingKernelError {
  constructor(problem: string, hint: string) {
    super('RK_CPU_SCHEDULE', problem, { hint });
  }
}

/** A worker thread ended or could not start. The cause is kept. Code `RK_WORKER_LOST`. */
export class WorkerLostError extends RingKernelError {
  constructor(worker: number, problem: string, cause?: unknown) {
    super('RK_WORKER_LOST', `worker ${worker} ${problem}`, {
      hint: 'the kernels of this device have failed; open a device again and restore them',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A handler or a host-only kernel threw. Code `RK_HANDLER_THREW`. */
export class HandlerThrewError extends RingKernelError {
  constructor(name: string, message: string, stack: string) {
    super('RK_HANDLER_THREW', `${name}: ${message}`);
    if (stack !== '') this.stack = stack;
  }
}
