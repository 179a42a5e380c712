import type { RingKernelError } from '../errors.ts';
import type { DeadLetterReason, FailurePolicy, FullPolicy } from '../kernel/options.ts';
import type { KernelState } from '../kernel/state.ts';
import type { StructLayout } from '../schema/layout.ts';

/**
 * The contract between the runtime and a backend. A backend package exports `backend: BackendFactory`.
 * Everything here is mechanism: policy (waiting, timeouts, correlation, supervision) is the runtime's.
 */
export interface BackendFactory {
  /** The name users select it by: `cpu`, `webgpu`, `cuda`, or a third party's own. */
  readonly name: string;
  /** What is here, or why nothing is. Never throws, never ends the process. */
  probe(): Promise<ProbeResult>;
  /** Opens a device that `probe` reported. Rejects with a typed error when it can't be opened. */
  open(options: DeviceOptions): Promise<Device>;
}

export type ProbeResult =
  | { readonly available: true; readonly devices: readonly DeviceInfo[] }
  | {
      readonly available: false;
      readonly code: string;
      readonly reason: string;
      readonly hint?: string;
    };

export interface DeviceInfo {
  /** Unique within its backend, stable over a process's life: `cpu`, `cuda:0`, `GPU-uuid`. */
  readonly id: string;
  /** The number that its driver gives it, where drivers number devices: `backend:ordinal` names it too. */
  readonly ordinal?: number;
  readonly backend: string;
  /** The hardware's own name. */
  readonly name: string;
  /** `software` is a GPU API without a GPU (SwiftShader, llvmpipe); it is never selected by itself. */
  readonly kind: 'cpu' | 'gpu' | 'software';
  /** Bytes a kernel can use. */
  readonly memoryBytes: number;
  /** Worker threads, streaming multiprocessors, compute units. */
  readonly computeUnits: number;
  readonly driver?: string;
  /**
   * Of `f64`, `f16`, `i64`: what the device's arithmetic offers beyond the 32-bit types. `rollback`, `dedicated`,
   * `tenants`: kernels can be launched with it.
   */
  readonly capabilities: readonly string[];
}

/** `async`: as fast as the device goes. `lockstep`: rounds in a defined order, for tests and simulations. */
export type Schedule = 'async' | 'lockstep';

export interface DeviceOptions {
  /** From `DeviceInfo.id`; the backend's first device when left out. */
  readonly deviceId?: string;
  readonly schedule?: Schedule;
  /** Node part of message ids and clocks, 0 to 65535. */
  readonly nodeId?: number;
  /** Milliseconds since the Unix epoch from which deadlines in headers count. */
  readonly epochMs?: number;
  /** Seed of `ctx.random()` in all kernels of this device. */
  readonly seed?: number;
  /** What only this backend understands (`workers`, `affinity`, …). Unknown names are refused. */
  readonly backendOptions?: Readonly<Record<string, unknown>>;
}

/**
 * A compiled actor as plain data: it can be cloned to a worker or written to disk. `program` belongs to the
 * compiler: an IR module for portable actors, a source or a module URL for host-only ones.
 */
export interface KernelImage {
  readonly name: string;
  /** Hash of the schemas and the program; equal hashes run equal code. */
  readonly hash: number;
  readonly state: StructLayout;
  readonly messages: readonly MessageDescriptor[];
  readonly emits: readonly MessageDescriptor[];
  readonly program: IrProgram | HostProgram;
}

/** A portable actor's handlers. */
export interface IrProgram {
  readonly kind: 'ir';
  readonly module: unknown;
  /** The module in devices' languages (`js`, `wgsl`, …), where it was emitted ahead of time. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** A host-only kernel: an async loop that runs in a worker of the CPU backend. */
export interface HostProgram {
  readonly kind: 'host';
  readonly source?: string;
  readonly moduleUrl?: string;
  readonly exportName?: string;
}

/** One message type. `id` is the 32-bit hash of name and layout; a reply has an id of its own. */
export interface MessageDescriptor {
  readonly name: string;
  readonly id: number;
  readonly layout: StructLayout;
  readonly reply?: { readonly id: number; readonly layout: StructLayout };
}

export interface DeviceLaunchOptions {
  readonly id: string;
  /** How many instances there is room for: each index below it has an address. */
  readonly instances: number;
  /** The first so many of them live at launch, 0 and more; all when left out. `spawn` begins others. */
  readonly living?: number;
  /** Address of instance 0. A multiple of 64, given once: addresses are never used again on a device. */
  readonly baseAddress: number;
  /** Messages that may wait for one instance. */
  readonly queueCapacity: number;
  readonly onFull: FullPolicy;
  /** What becomes of messages to an instance that has failed; `dead-letter` when left out. */
  readonly onFailure?: FailurePolicy;
  /**
   * A handler that faults leaves the state of its instance as it found it; what it sent stays sent. Only for devices
   * with the capability `rollback`; false when left out.
   */
  readonly rollback?: boolean;
  /**
   * Each instance has a part of the device for itself, which does nothing but wait for its messages: the least latency,
   * for as many instances as the device runs at once. Results are the same. Only for devices with the capability
   * `dedicated`; false when left out.
   */
  readonly dedicated?: boolean;
  /**
   * To whom the kernel belongs: a number from 1, 0 (nobody) when left out. What its actors send to actors of another
   * tenant is not delivered, and becomes a dead letter of the sender, `tenant-mismatch`; the receiver knows nothing of
   * it. Messages of the host may go to all. Only for devices with the capability `tenants`.
   */
  readonly tenant?: number;
}

/** A way of one other thread to a device, as plain data. The backend's package makes it work in that thread. */
export interface LanePort {
  /** Whose it is. */
  readonly kind: string;
  readonly deviceId: string;
}

export interface Device {
  readonly info: DeviceInfo;
  readonly schedule: Schedule;
  /** Resolves (never rejects) with the reason when the device or one of its workers dies. */
  readonly lost: Promise<RingKernelError>;
  /** Compiles, allocates, zeroes the states. The kernel comes back `launched`: it queues and does not run yet. */
  launch(image: KernelImage, options: DeviceLaunchOptions, sink: KernelSink): Promise<DeviceKernel>;
  /** Lockstep only: runs this many rounds; what the host sent before is seen in the first of them. */
  step(rounds: number): Promise<void>;
  /** Keeps the process alive until `unref()`: somebody waits for this device. Calls nest. */
  ref(): void;
  unref(): void;
  /** Resolves when nothing is in flight: every message handled, parked for a stopped kernel, or in the sink. */
  settled(): Promise<void>;
  /**
   * Gives out a lane, for one other thread of this process, which then sends to all addresses by itself. Absent where
   * the backend has none. Throws `DeviceLimitError` when all are taken, `DeviceClosedError`, and `NotSupportedError` in
   * lockstep.
   */
  openHostLane?(): LanePort;
  /** Stops everything and frees it. Idempotent. */
  close(): Promise<void>;
}

/** What became of one `inject`. */
export type InjectStatus = 'accepted' | 'full' | 'closed';

export interface InjectOptions {
  /** 0 low … 3 critical. */
  readonly priority: number;
  /** Correlation id as two u32; 0, 0 = none. A reply carries it back. */
  readonly correlationLow: number;
  readonly correlationHigh: number;
  /** Whether the sender takes a reply. */
  readonly wantsReply: boolean;
  /** Milliseconds after the device's epoch, 0 = none. */
  readonly deadlineMs: number;
  /**
   * In whose name the host sends it, as `ctx.sender` gives it: an address of this device. 0, the host, when left out.
   * In all else it is a message from the host: its order, its bounds, and where its reply goes.
   */
  readonly source?: number;
}

/** Writes a message's payload at `byteOffset`; the room is exactly `layout.size` bytes, zeroed where unused. */
export type PayloadWriter<T> = (view: DataView, byteOffset: number, value: T) => void;

/** What a kernel's handlers run as, where the backend has a choice. */
export interface KernelCode {
  readonly form:
    | 'javascript'
    | 'webassembly'
    | 'wgsl'
    | 'wgsl-workgroup'
    | 'cuda'
    | 'cuda-warp'
    | 'cuda-block';
  /** Why, in one clause. */
  readonly reason: string;
}

export interface DeviceKernel {
  readonly state: KernelState;
  readonly code?: KernelCode;
  activate(): Promise<void>;
  /** Stops handling after the messages being handled; messages queue from here on. */
  deactivate(): Promise<void>;
  /**
   * Refuses new messages, handles what waits until `timeoutMs` is over (0: not at all, infinity: all), then ends. What was
   * not handled goes to the sink as dead letters with the reason `terminated`.
   */
  terminate(timeoutMs: number): Promise<{ readonly drained: boolean }>;
  /**
   * Gives one message from the host to an instance; returns at once. `full` with the policy `wait` or `reject`:
   * nothing was taken, see `room`. With `drop-oldest` a message is always taken. `closed` where nobody lives.
   */
  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus;
  /** Message id of the last accepted `inject`, as two u32. */
  readonly lastMessageId: { readonly low: number; readonly high: number };
  /** Counts messages as sent and rejected: the caller gave up on them after `full` or `closed`. */
  refuse(count: number): void;
  /** Resolves when `inject` to this instance may succeed again, or the kernel closed. */
  room(instance: number): Promise<void>;
  /** Read without stopping the kernel; each figure is monotonic, the set is not one instant. */
  counters(): KernelCounters;
  /** A copy of the state of one instance, between two handlers; of where nobody lives, what was left there. */
  readState(instance: number): Promise<Uint8Array>;
  /**
   * Gives an instance a new state between two handlers and lets it go on, whether it has failed or not: `state` are
   * the bytes of its state struct, null stands for zeros. Its mailbox goes on where it was, and so does its random
   * sequence. A kernel that had failed takes messages again. Rejects with `InvalidOptionError` when `state` is not as
   * long as a state, with `InstanceNotFoundError` where nobody lives, and with `KernelTerminatedError` when the kernel
   * has ended or is about to.
   */
  restart(instance: number, state: Uint8Array | null): Promise<void>;
  /**
   * Begins an instance where nobody lives, with this state (null stands for zeros), no messages and its random sequence
   * at the start. What was sent there before becomes dead letters, `terminated`. A kernel that had failed takes messages
   * again. Rejects with `InvalidOptionError` where somebody lives and when `state` is not as long as a state, and with
   * `KernelTerminatedError` when the kernel has ended or is about to.
   */
  spawn(instance: number, state: Uint8Array | null): Promise<void>;
  /**
   * Ends an instance between two handlers. What waits for it, is on its way to it or is sent there afterwards becomes dead
   * letters, `terminated`; in lockstep at once, in the order of handling, then what is parked, then what is on its way.
   * Rejects with `InstanceNotFoundError` where nobody lives, and with `KernelTerminatedError` like `spawn`.
   */
  retire(instance: number): Promise<void>;
}

/**
 * What the kernel counts. After `settled()`: sent = handled + rejected + Σ deadLettered + pending, where Σ runs over
 * `inputReasons` (the other reasons are about messages that left the kernel: replies and emits).
 */
export interface KernelCounters {
  /** Messages that somebody tried to send to this kernel: host and actors. */
  readonly sent: number;
  readonly handled: number;
  /** Refused at the door: `inject` that was not `accepted`. */
  readonly rejected: number;
  readonly deadLettered: Readonly<Record<DeadLetterReason, number>>;
  /** Waiting now, counted where they wait (not computed from the others). */
  readonly pending: number;
  /** Of these, held back because a mailbox was full. */
  readonly parked: number;
  readonly emitted: number;
  readonly replied: number;
  /** Faults and thrown errors. */
  readonly errors: number;
  readonly maxDepth: number;
  readonly busyMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly memoryBytes: number;
  readonly latency: LatencySnapshot;
}

/** From sending to the start of handling, microseconds. */
export interface LatencySnapshot {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** A message from the device, as the host sees it. Valid only during the call that hands it over. */
export interface DeviceMessage {
  readonly kind: 'emit' | 'reply';
  readonly type: number;
  /** Instance it comes from. */
  readonly instance: number;
  readonly correlationLow: number;
  readonly correlationHigh: number;
  readonly idLow: number;
  readonly idHigh: number;
  readonly physicalLow: number;
  readonly physicalHigh: number;
  readonly logical: number;
  readonly node: number;
  readonly priority: number;
  readonly view: DataView;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface DeviceDeadLetter {
  readonly reason: DeadLetterReason;
  readonly type: number;
  /** Address of the sender, 0 = the host. */
  readonly source: number;
  readonly destination: number;
  /** 0 low … 3 critical, as it was sent. */
  readonly priority: number;
  readonly correlationLow: number;
  readonly correlationHigh: number;
  readonly payload: Uint8Array;
}

export interface DeviceFault {
  readonly instance: number;
  /** Index into the module's fault sites, 0 for a host-only kernel, or a handler written in the device's own language. */
  readonly site: number;
  /** The failing index, divisor or `ctx.fail` code. */
  readonly value: number;
  /** Type of the message that was being handled. */
  readonly type: number;
  /** Correlation of that message, so that its caller can be told. */
  readonly correlationLow: number;
  readonly correlationHigh: number;
  /** For host-only kernels: what was thrown. */
  readonly error?: RingKernelError;
}

/**
 * Where a kernel's outgoing traffic goes. Calls come from the device's pump, in order per instance. A dead letter
 * goes to the sink of the kernel it was sent to; those with one of `senderReasons` to the sender's own. A message to
 * nobody, or to another tenant, counts as sent (and dead-lettered) by the kernel that sent it.
 */
export interface KernelSink {
  message(message: DeviceMessage): void;
  deadLetter(letter: DeviceDeadLetter): void;
  fault(fault: DeviceFault): void;
}
