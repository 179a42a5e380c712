/**
 * How generated JavaScript meets the engine that runs it. The emitted text is the body of a function of one
 * parameter `env: ProgramEnv` that returns a `Program`. It uses nothing else: no globals but `Math`, `BigInt` and
 * the typed array constructors, so it can be built anywhere with `new Function` or `vm.compileFunction`.
 */
export interface ProgramEnv {
  /**
   * Memory that holds messages: lanes, local queues. Every header and payload is in here, at a multiple of 64; its
   * length is a multiple of 8 and at most 4 GiB.
   */
  readonly arena: ArrayBufferLike;
  /** Memory that holds this kernel's states. Its length is a multiple of 8. */
  readonly memory: ArrayBufferLike;
  /** Byte offset of instance 0's state in `memory`, a multiple of 8. */
  readonly stateOffset: number;
  /** Bytes from one instance's state to the next, a multiple of 8. */
  readonly stateStride: number;
  /** u32 index in `memory` of instance 0's draw counter, and the distance to the next instance's, in words. */
  readonly drawsIndex: number;
  readonly drawsStride: number;
  readonly baseAddress: number;
  readonly instances: number;
  readonly seed: number;
  /**
   * Makes room for one outgoing message and writes its header; returns the byte offset of its payload in `arena`,
   * a multiple of 64. The handler must have written the whole payload before it calls any of these again or
   * returns. It writes whole words: up to 3 bytes after a payload whose size is no multiple of 4 become zero. `sender` is an instance index. `header` is the byte offset of the message being handled.
   */
  send(
    sender: number,
    header: number,
    destination: number,
    type: number,
    size: number,
    priority: number,
  ): number;
  reply(sender: number, header: number, type: number, size: number): number;
  emit(sender: number, header: number, type: number, size: number): number;
  /** Marks the instance as faulted. Only the first fault of a handler counts. */
  fault(self: number, site: number, value: number): void;
  /**
   * Only a program emitted with `interruptible` calls it: after so many rounds of its loops as the last call returned,
   * at least 1. What it throws ends the handler where it is. No message is half written then.
   */
  tick?(): number;
}

export interface Program {
  /**
   * Runs the handler of the message whose 64-byte header starts at byte `header` of the arena (its payload follows)
   * on instance `self`. False when the program has no handler for its type.
   */
  run(self: number, header: number): boolean;
}
