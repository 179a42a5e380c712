import { type DeadLetterReason, RingKernelError } from '@ringkernel/core';

/** What the addon throws, before it becomes one of the errors below. */
interface NativeFailure {
  readonly code?: string;
  readonly message?: string;
  readonly call?: string;
  readonly result?: number;
  readonly resultName?: string;
  readonly log?: string;
  readonly reasons?: readonly string[];
}

/** The addon, the driver or a device can't be used here. */
export class CudaUnavailableError extends RingKernelError {
  static readonly code = 'RK_CUDA_UNAVAILABLE';
  /** What was missing: `addon`, `driver`, `device`, `compiler`, `management library`, `simulation`. */
  readonly missing: string;
  /** Everything that was tried, and why it failed. */
  readonly reasons: readonly string[];
  /** What happened, on one line: files that are simply not there are only named. */
  readonly summary: string;

  constructor(missing: string, message: string, reasons: readonly string[], hint: string) {
    super(CudaUnavailableError.code, [message, ...reasons].join('\n  '), { hint });
    this.missing = missing;
    this.reasons = reasons;
    this.summary = [message, summaryOf(reasons)].filter((part) => part !== '').join(' ');
  }
}

function summaryOf(reasons: readonly string[]): string {
  const absent = reasons.filter((reason) => /No such file|Cannot find module/.test(reason));
  const names = absent.map((reason) => reason.split(':')[0]);
  const others = reasons.filter((reason) => !absent.includes(reason));
  return [...others, ...(names.length > 0 ? [`(not there: ${names.join(', ')})`] : [])].join('; ');
}

/** A call of the CUDA driver failed; the message has the driver's own name and text. */
export class CudaDriverError extends RingKernelError {
  static readonly code = 'RK_CUDA_DRIVER';
  readonly call: string;
  /** The driver's number, 0 when the addon refused before it asked the driver. */
  readonly result: number;
  readonly resultName: string;
  /** What the driver's own compiler said, for modules. */
  readonly log: string;

  constructor(failure: NativeFailure, cause: unknown) {
    const log = failure.log ?? '';
    const message = failure.message ?? String(cause);
    super(CudaDriverError.code, log === '' ? message : `${message}\n${log}`, { cause });
    this.call = failure.call ?? '';
    this.result = failure.result ?? 0;
    this.resultName = failure.resultName ?? '';
    this.log = log;
  }
}

/** What the device's compiler said about a place in a handler. */
export interface CudaDiagnostic {
  /** The handler, or the function it calls. */
  readonly handler: string;
  /** `counter.ts:12:7`; `Counter.Add:3:5`, in the handler's own lines, where the file is not known. */
  readonly at: string;
  readonly message: string;
}

/** The device's compiler refused a program; `log` is what it said. */
export class CudaCompileError extends RingKernelError {
  static readonly code = 'RK_CUDA_COMPILE';
  readonly program: string;
  readonly log: string;
  /** What of it is about the user's handlers. */
  readonly diagnostics: readonly CudaDiagnostic[];
  readonly #failure: NativeFailure;

  constructor(
    program: string,
    failure: NativeFailure,
    cause: unknown,
    diagnostics: readonly CudaDiagnostic[] = [],
  ) {
    const log = failure.log ?? '';
    const places = diagnostics.map((one) => `\n  ${one.at} (in ${one.handler}): ${one.message}`);
    const what = failure.message ?? String(cause);
    super(
      CudaCompileError.code,
      `'${program}' should compile, but ${what}${places.join('')}\n${log}`,
      { cause },
    );
    this.program = program;
    this.log = log;
    this.diagnostics = diagnostics;
    this.#failure = failure;
  }

  /** The same, with the places in handlers that it is about. */
  at(diagnostics: readonly CudaDiagnostic[]): CudaCompileError {
    return new CudaCompileError(this.program, this.#failure, this.cause, diagnostics);
  }
}

const missing: Readonly<Record<string, readonly [string, string]>> = {
  RK_CUDA_NO_DRIVER: ['driver', 'install the NVIDIA driver, or name its library in RK_CUDA_DRIVER'],
  RK_CUDA_DRIVER_TOO_OLD: ['driver', 'install a driver of CUDA 11 or newer'],
  RK_CUDA_NO_DEVICE: ['device', 'see what nvidia-smi lists, and CUDA_VISIBLE_DEVICES'],
  RK_CUDA_NO_NVML: [
    'management library',
    'it comes with the NVIDIA driver; RK_CUDA_NVML names its file',
  ],
  RK_CUDA_NO_COMPILER: ['compiler', 'install NVRTC, or name its library in RK_CUDA_NVRTC'],
};

/** What the addon threw, as one of our own errors; anything else as it is. */
export function typedError(thrown: unknown, program?: string): unknown {
  const failure = Object(thrown) as NativeFailure;
  const [what, hint] = missing[failure.code ?? ''] ?? [];
  if (what !== undefined && hint !== undefined) {
    return new CudaUnavailableError(what, failure.message ?? '', failure.reasons ?? [], hint);
  }
  if (failure.code === 'RK_CUDA_COMPILE')
    return new CudaCompileError(program ?? '', failure, thrown);
  if (failure.code === 'RK_CUDA_DRIVER' || failure.code === 'RK_CUDA_BUSY') {
    return new CudaDriverError(failure, thrown);
  }
  return thrown;
}

/** A handler goes on after `handlerTimeoutMs` and can't be ended: a GPU can't take a running block off. */
export class StuckHandlerError extends RingKernelError {
  static readonly code = 'RK_CUDA_HANDLER_STUCK';
  readonly afterMs: number;

  constructor(whose: string, afterMs: number) {
    super(
      StuckHandlerError.code,
      `A handler of ${whose} should have ended, but still runs after ${afterMs} ms`,
      { hint: 'CUDA C++ of your own has to call rk_overtime in its loops' },
    );
    this.afterMs = afterMs;
  }
}

/** What a device said when it was tried, where an error of this process could not. */
export interface TrialFailure {
  readonly code: string;
  readonly message: string;
  /** What was tried of what is missing, and why it failed. */
  readonly reasons: readonly string[];
}

/** A device was tried in a process of its own, and no message came there and back. */
export class CudaTrialError extends RingKernelError {
  static readonly code = 'RK_CUDA_TRIAL';
  /**
   * Its code is that of the error; `RK_CUDA_CRASHED` when the process crashed, hung or told nothing; `RK_CUDA_ANSWER` when
   * the kernel ran and the answer was wrong; `RK_CUDA_UNEXPECTED` for what is none of these, with its stack.
   */
  readonly failure: TrialFailure;

  constructor(failure: TrialFailure) {
    const what = 'A message should have gone to the device and back, but';
    super(CudaTrialError.code, `${what} ${failure.message}`, {
      hint: 'see the failure, and what nvidia-smi says of the device',
    });
    this.failure = failure;
  }
}

/** A lane of the host is not, or no longer, this thread's. */
export class HostLaneError extends RingKernelError {
  static readonly code = 'RK_CUDA_HOST_LANE';
  /** Of the lane, from 1. */
  readonly lane: number;

  constructor(lane: number, found: string) {
    super(HostLaneError.code, `Lane ${lane} of the host should be this thread's, but ${found}`, {
      hint: 'openHostLane() of the runtime gives out a lane, for one thread',
    });
    this.lane = lane;
  }
}

/** What was called by a lane of the host did not reply: the handler failed, or the message never came to it. */
export class HostCallError extends RingKernelError {
  static readonly code = 'RK_CUDA_HOST_CALL';
  readonly address: number;
  readonly messageName: string;
  /** `fault`: the handler failed. Otherwise why the message is a dead letter. */
  readonly reason: DeadLetterReason | 'fault';

  constructor(address: number, messageName: string, reason: DeadLetterReason | 'fault') {
    super(
      HostCallError.code,
      `'${messageName}' to address ${address} should be replied to, but: ${reason}`,
      { hint: "see the kernel's dead letters and faults" },
    );
    this.address = address;
    this.messageName = messageName;
    this.reason = reason;
  }
}
