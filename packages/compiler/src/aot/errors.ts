import { RingKernelError } from '@ringkernel/core';

const rebuild = 'write it again with ringkernel-compile';

/** A file of compiled actors can't be used at all: unreadable, damaged, or no such file. */
export class CompiledFileError extends RingKernelError {
  static readonly code = 'RK_COMPILED_FILE';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(CompiledFileError.code, `${file} is no file of compiled actors: ${problem}`, {
      hint: rebuild,
      ...(cause === undefined ? {} : { cause }),
    });
    this.file = file;
  }
}

/** An actor would have to be compiled, and the runtime was told to take compiled ones only. */
export class StaleImageError extends RingKernelError {
  static readonly code = 'RK_COMPILED_STALE';
  readonly actor: string;
  /** What has changed since the file was written. */
  readonly reason: string;

  constructor(file: string, actor: string, reason: string) {
    super(StaleImageError.code, `${actor} is not as compiled in ${file}: ${reason}`, {
      hint: rebuild,
    });
    this.actor = actor;
    this.reason = reason;
  }
}
