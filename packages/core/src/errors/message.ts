import { type ErrorDetails, RingKernelError } from './error.ts';
import { listNames, nearestName } from './nearest-name.ts';

/** A mailbox has no room and the kernel's policy is not to wait, or waiting took too long. */
export class QueueFullError extends RingKernelError {
  static readonly code = 'RK_QUEUE_FULL';
  readonly kernelId: string;
  readonly instance: number;
  readonly capacity: number;

  constructor(kernelId: string, instance: number, capacity: number, details: ErrorDetails = {}) {
    super(
      QueueFullError.code,
      `Mailbox of instance ${instance} of kernel '${kernelId}' is full, capacity ${capacity}`,
      { hint: "raise queueCapacity, send less, or launch with onFull: 'wait'", ...details },
    );
    this.kernelId = kernelId;
    this.instance = instance;
    this.capacity = capacity;
  }
}

/** A payload is larger than what may travel. */
export class MessageTooLargeError extends RingKernelError {
  static readonly code = 'RK_MESSAGE_TOO_LARGE';
  readonly messageName: string;
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(messageName: string, bytes: number, maxBytes: number) {
    super(
      MessageTooLargeError.code,
      `Message '${messageName}' has ${bytes} bytes, at most ${maxBytes} may travel`,
      { hint: 'send it in parts' },
    );
    this.messageName = messageName;
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** The kernel has no message of this name. */
export class UnknownMessageError extends RingKernelError {
  static readonly code = 'RK_UNKNOWN_MESSAGE';
  readonly kernelId: string;
  readonly messageName: string;
  readonly knownNames: readonly string[];

  constructor(kernelId: string, messageName: string, knownNames: readonly string[]) {
    const nearest = nearestName(messageName, knownNames);
    const message = `Kernel '${kernelId}' has no message '${messageName}'`;
    super(UnknownMessageError.code, `${message}; it has: ${listNames(knownNames)}`, {
      hint: nearest === undefined ? "see the actor's `messages`" : `is it '${nearest}'?`,
    });
    this.kernelId = kernelId;
    this.messageName = messageName;
    this.knownNames = knownNames;
  }
}

/** A frame ends before it is complete. */
export class TruncatedFrameError extends RingKernelError {
  static readonly code = 'RK_FRAME_TRUNCATED';
  readonly wantedBytes: number;
  readonly foundBytes: number;

  constructor(wantedBytes: number, foundBytes: number) {
    const message = `A frame of at least ${wantedBytes} bytes was expected, found ${foundBytes}`;
    super(TruncatedFrameError.code, message, { hint: 'wait for the rest of the bytes' });
    this.wantedBytes = wantedBytes;
    this.foundBytes = foundBytes;
  }
}

/** Bytes that are no frame: a field has a value that no writer gives it. */
export class InvalidFrameError extends RingKernelError {
  static readonly code = 'RK_FRAME_INVALID';
  readonly field: string;
  readonly wanted: string;
  readonly found: string;

  constructor(field: string, wanted: string, found: string) {
    super(InvalidFrameError.code, `Frame: ${field} should be ${wanted}, found ${found}`);
    this.field = field;
    this.wanted = wanted;
    this.found = found;
  }
}

/** The bytes changed between writer and reader. */
export class ChecksumMismatchError extends RingKernelError {
  static readonly code = 'RK_CHECKSUM_MISMATCH';
  readonly wanted: number;
  readonly found: number;

  constructor(wanted: number, found: number) {
    const [a, b] = [wanted, found].map((crc) => `0x${crc.toString(16).padStart(8, '0')}`);
    super(ChecksumMismatchError.code, `CRC-32 ${a} was sent, the bytes have ${b}`);
    this.wanted = wanted;
    this.found = found;
  }
}

/** Data of a format version this build does not read. */
export class UnsupportedVersionError extends RingKernelError {
  static readonly code = 'RK_UNSUPPORTED_VERSION';
  readonly format: string;
  readonly supported: number;
  readonly found: number;

  constructor(format: string, supported: number, found: number) {
    super(
      UnsupportedVersionError.code,
      `${format} version ${supported} is supported, found ${found}`,
      { hint: 'run the same release of @ringkernel/core on both sides' },
    );
    this.format = format;
    this.supported = supported;
    this.found = found;
  }
}

/** All 2^40 message ids of one thread were given out. */
export class MessageIdsExhaustedError extends RingKernelError {
  static readonly code = 'RK_MESSAGE_IDS_EXHAUSTED';
  readonly node: number;
  readonly thread: number;

  constructor(node: number, thread: number) {
    super(
      MessageIdsExhaustedError.code,
      `Node ${node} thread ${thread} has given out all its 2^40 message ids`,
      { hint: 'restart the runtime under another node id' },
    );
    this.node = node;
    this.thread = thread;
  }
}
