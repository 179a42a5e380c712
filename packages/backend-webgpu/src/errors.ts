import { type ErrorDetails, RingKernelError } from '@ringkernel/core';

/** The device has no memory left for a buffer. Everything that it has already goes on. */
export class DeviceMemoryError extends RingKernelError {
  static readonly code = 'RK_DEVICE_OUT_OF_MEMORY';
  /** What the memory is for: `states`. */
  readonly subject: string;
  readonly wantedBytes: number;
  /** What a buffer could still have, found by halving what was wanted: less than twice as much fits. */
  readonly availableBytes: number;

  constructor(
    subject: string,
    wantedBytes: number,
    availableBytes: number,
    details: ErrorDetails = {},
  ) {
    super(
      DeviceMemoryError.code,
      `${subject} should have ${wantedBytes} bytes of the device's memory, and about ${availableBytes} are left`,
      { hint: 'launch fewer instances, or smaller states', ...details },
    );
    this.subject = subject;
    this.wantedBytes = wantedBytes;
    this.availableBytes = availableBytes;
  }
}

/** One thing the shader compiler of the device said. */
export interface ShaderMessage {
  /** Handler or function it is about, `engine` when it is none. */
  readonly where: string;
  /**
   * Its place in the handler's file, `counter.ts:12:7`, or in WGSL that the user wrote for it, `Counter.Add:2:7`; null when
   * it is about none.
   */
  readonly at: string | null;
  /** Whether it is about WGSL that the user wrote. */
  readonly byHand: boolean;
  /** Of the WGSL, from 1. */
  readonly line: number;
  readonly text: string;
  readonly message: string;
}

const ownNames = 'docs/webgpu.md lists the functions that the WGSL of the option handlers may call';

/** The device's compiler refused the WGSL of a kernel. */
export class ShaderError extends RingKernelError {
  static readonly code = 'RK_SHADER';
  readonly kernelId: string;
  readonly messages: readonly ShaderMessage[];

  constructor(kernelId: string, messages: readonly ShaderMessage[]) {
    const lines = messages.map(
      ({ where, at, line, text, message }) =>
        `\n  ${at === null ? where : `${where} at ${at}`}, line ${line} of the WGSL: ${message}\n    ${text}`,
    );
    const text = `The WGSL of kernel '${kernelId}' does not compile:${lines.join('')}`;
    const byHand = messages.some((one) => one.byHand);
    super(ShaderError.code, text, byHand ? { hint: ownNames } : {});
    this.kernelId = kernelId;
    this.messages = messages;
  }
}
