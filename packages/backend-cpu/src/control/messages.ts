import type { WebAssemblyCode } from '@ringkernel/compiler/back-end';
import type {
  FailurePolicy,
  FullPolicy,
  HostProgram,
  MessageDescriptor,
  Schedule,
  SharedMemory,
} from '@ringkernel/core';
import type { ArenaShape } from '../memory/arena.ts';

/** What a worker gets when it starts. */
export interface WorkerStart {
  /** 1 and up; 0 is the host. */
  readonly thread: number;
  /** How many threads have had this number before: more than 0 takes over from one that died. */
  readonly generation: number;
  /** The arena: a WebAssembly memory where there is one. */
  readonly memory: SharedMemory | SharedArrayBuffer;
  readonly shape: ArenaShape;
  readonly layoutHash: number;
  readonly schedule: Schedule;
  readonly nodeId: number;
  readonly seed: number;
  readonly epochMs: number;
  readonly spinUs: number;
  /** 0 = for ever. */
  readonly handlerTimeoutMs: number;
  /** Stacks of errors name the files that source maps of programs name. */
  readonly sourceMaps: boolean;
  /** The core it stays on; null: any. */
  readonly core: number | null;
  /** Microseconds from the monotonic clock of the machine to the Unix epoch. */
  readonly wallOffsetUs: number;
}

/** One kernel, as workers need to know it. */
export interface KernelStart {
  readonly name: string;
  readonly baseAddress: number;
  readonly instances: number;
  readonly queueCapacity: number;
  readonly onFull: FullPolicy;
  readonly onFailure: FailurePolicy;
  readonly rollback: boolean;
  readonly tenant: number;
  readonly stateBytes: number;
  /** Threads that own instances, ascending. */
  readonly ownerThreads: readonly number[];
  readonly shift: number;
  readonly owners: Uint8Array;
  /** A WebAssembly memory when the program is WebAssembly. */
  readonly memory: SharedMemory | SharedArrayBuffer;
  /** A portable program as JavaScript: what `emitJavaScript` gave. */
  readonly text: string | null;
  /** Or as WebAssembly: what `emitWebAssembly` gave. */
  readonly webAssembly: WebAssemblyCode | null;
  /** The thread that owned this one's instances has died: they have failed. */
  readonly revived: boolean;
  /** A host-only kernel has this instead. */
  readonly host: HostKernelStart | null;
}

export interface HostKernelStart {
  readonly program: HostProgram;
  readonly messages: readonly MessageDescriptor[];
  readonly emits: readonly MessageDescriptor[];
}

/** From the host to a worker. Each one is answered by a `ControlAnswer` with the same `request`. */
export type ControlMessage =
  | { readonly op: 'launch'; readonly request: number; readonly kernel: KernelStart }
  | {
      /**
       * close: new messages are refused. bury: nothing is handled any more. remove: forget it; besides the answer
       * a `goodbye` record comes behind everything else that this worker has for the kernel's sink.
       */
      readonly op: 'activate' | 'deactivate' | 'close' | 'bury' | 'remove';
      readonly request: number;
      readonly baseAddress: number;
    }
  | {
      readonly op: 'read' | 'retire';
      readonly request: number;
      readonly baseAddress: number;
      readonly instance: number;
    }
  | {
      readonly op: 'restart' | 'spawn';
      readonly request: number;
      readonly baseAddress: number;
      readonly instance: number;
      /** The new state; null: zeros. */
      readonly state: Uint8Array | null;
    }
  /** All kernels are here again: from now on what the thread before this one left in its lanes is taken. */
  | { readonly op: 'takeOver'; readonly request: number }
  | { readonly op: 'exit'; readonly request: number };

export interface ControlAnswer {
  readonly request: number;
  readonly bytes?: Uint8Array;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}
