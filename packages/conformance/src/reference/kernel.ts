import { interpretProgram, type Module, type Program } from '@ringkernel/compiler';
import {
  type DeadLetterReason,
  type DeviceKernel,
  type DeviceLaunchOptions,
  deadLetterReasons,
  type InjectOptions,
  type InjectStatus,
  InvalidOptionError,
  type KernelCounters,
  type KernelImage,
  type KernelSink,
  type KernelState,
  KernelTerminatedError,
  type MessageDescriptor,
  type PayloadWriter,
  RingKernelError,
  Roster,
} from '@ringkernel/core';
import type { ReferenceDevice } from './device.ts';
import { Mailbox, type ReferenceMessage } from './mailbox.ts';

const headerBytes = 64;
const maxPayloadBytes = 65_536;
/** The arena of one kernel: the message being handled, then the message being written. */
const incoming = 0;
const outgoing = headerBytes + maxPayloadBytes;

type Outgoing = (payload: Uint8Array) => void;

/** A kernel of the reference machine: everything happens in `round`, one instance after the other. */
export class ReferenceKernel implements DeviceKernel {
  readonly image: KernelImage;
  readonly options: DeviceLaunchOptions;
  readonly sink: KernelSink;
  readonly mailboxes: Mailbox[];
  readonly roster: Roster;
  readonly holds: boolean;
  readonly memory: ArrayBuffer;
  state: KernelState = 'launched';
  lastMessageId: { low: number; high: number } = { low: 0, high: 0 };

  readonly #device: ReferenceDevice;
  readonly #program: Program;
  readonly #arena = new Uint8Array(outgoing + headerBytes + maxPayloadBytes);
  readonly #stateStride: number;
  readonly #drawsIndex: number;
  readonly #deadLettered: Record<DeadLetterReason, number>;
  #writing: { readonly size: number; readonly finish: Outgoing } | null = null;
  #handling: ReferenceMessage | null = null;
  #faulted = false;
  /** What the kernel was when its last sound instance failed. */
  #stateBefore: KernelState = 'active';
  #sent = 0;
  #handled = 0;
  #rejected = 0;
  #emitted = 0;
  #replied = 0;
  #errors = 0;
  #maxDepth = 0;

  constructor(
    device: ReferenceDevice,
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ) {
    if (image.program.kind !== 'ir') {
      throw new RingKernelError(
        'RK_NOT_SUPPORTED',
        'the reference machine runs portable actors only',
      );
    }
    this.#device = device;
    this.image = image;
    this.options = options;
    this.sink = sink;
    const { instances } = options;
    this.holds = options.onFailure === 'wait';
    this.#stateStride = Math.max(8, Math.ceil(image.state.size / 8) * 8);
    this.#drawsIndex = (this.#stateStride * instances) / 4;
    this.memory = new ArrayBuffer(this.#stateStride * instances + instances * 4);
    this.#deadLettered = Object.fromEntries(deadLetterReasons.map((r) => [r, 0])) as Record<
      DeadLetterReason,
      number
    >;
    const drop = (m: ReferenceMessage, reason: DeadLetterReason) => this.bury(m, reason);
    this.mailboxes = Array.from(
      { length: instances },
      () => new Mailbox(options.queueCapacity, options.onFull, drop),
    );
    this.roster = new Roster(options);
    this.#program = interpretProgram(image.program.module as Module)({
      arena: this.#arena.buffer,
      memory: this.memory,
      stateOffset: 0,
      stateStride: this.#stateStride,
      drawsIndex: this.#drawsIndex,
      drawsStride: 1,
      baseAddress: options.baseAddress,
      instances,
      seed: device.seed,
      send: (sender, _header, to, type, size, priority) =>
        this.#send(sender, to, type, size, priority),
      reply: (sender, _header, type, size) => this.#reply(sender, type, size),
      emit: (sender, _header, type, size) => this.#emit(sender, type, size),
      fault: (self, site, value) => this.#fault(self, site, value),
    });
  }

  async activate(): Promise<void> {
    this.state = 'active';
  }

  async deactivate(): Promise<void> {
    this.state = 'deactivated';
  }

  async terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const wasActive = this.state === 'active';
    this.state = 'terminating';
    // Rounds belong to the host in lockstep: what waits is handled in one more of them, if time was given.
    if (timeoutMs > 0 && wasActive) this.#device.drain(this);
    let drained = true;
    for (const mailbox of this.mailboxes) {
      for (const message of [...mailbox.takeAll(), ...mailbox.parked.splice(0)]) {
        drained = false;
        this.bury(message, 'terminated');
      }
    }
    this.state = 'terminated';
    this.#device.remove(this);
    return { drained };
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    if (!this.#open || !this.roster.lives(instance)) return 'closed';
    const destination = this.options.baseAddress + instance;
    const inTransit = this.#device.hostMessagesTo(destination);
    const depth = (this.mailboxes[instance] as Mailbox).waiting.length;
    const parked = (this.mailboxes[instance] as Mailbox).parked.length;
    if (
      this.options.onFull !== 'drop-oldest' &&
      inTransit + depth + parked >= this.options.queueCapacity
    ) {
      return 'full';
    }
    const payload = new Uint8Array(message.layout.size);
    write(new DataView(payload.buffer), 0, value);
    this.countSent();
    this.lastMessageId = { low: this.#device.nextId(), high: 0 };
    this.#device.post({
      type: message.id,
      source: 0,
      origin: 0,
      destination,
      round: this.#device.round,
      payload,
      ...options,
    });
    return 'accepted';
  }

  refuse(count: number): void {
    this.#sent += count;
    this.#rejected += count;
  }

  async room(): Promise<void> {
    // Room appears when the host steps; the harness steps before it tries again.
  }

  get #tenant(): number {
    return this.options.tenant ?? 0;
  }

  countSent(): void {
    this.#sent++;
  }

  /** Handles everything that waits in one instance's mailbox. */
  round(instance: number): void {
    const mailbox = this.mailboxes[instance] as Mailbox;
    if (this.holds && this.roster.hasFailed(instance)) return;
    for (const message of mailbox.takeAll()) {
      if (this.roster.hasFailed(instance)) {
        if (this.holds) mailbox.waiting.push(message);
        else this.bury(message, 'instance-failed');
      } else if (message.deadlineMs !== 0 && this.#device.round > message.deadlineMs)
        this.bury(message, 'expired');
      else this.#handle(instance, message);
    }
    if (this.holds) return;
    // A failed instance never empties what is parked behind its mailbox by handling it.
    if (this.roster.hasFailed(instance))
      for (const m of mailbox.parked.splice(0)) this.bury(m, 'instance-failed');
  }

  deliver(message: ReferenceMessage): void {
    const instance = message.destination - this.options.baseAddress;
    if (!this.roster.lives(instance)) return this.bury(message, 'terminated');
    const mailbox = this.mailboxes[instance] as Mailbox;
    mailbox.deliver(message);
    this.#maxDepth = Math.max(this.#maxDepth, mailbox.waiting.length);
  }

  bury(message: ReferenceMessage, reason: DeadLetterReason): void {
    this.#deadLettered[reason]++;
    const { type, source, destination, priority, correlationLow, correlationHigh, payload } =
      message;
    const sent = { type, source, destination, priority, correlationLow, correlationHigh, payload };
    this.#device.tell(() => this.sink.deadLetter({ ...sent, reason }));
  }

  counters(): KernelCounters {
    const waiting = this.mailboxes.reduce((n, m) => n + m.waiting.length, 0);
    const parked = this.mailboxes.reduce((n, m) => n + m.parked.length, 0);
    const none = {
      count: 0,
      minUs: 0,
      meanUs: 0,
      p50Us: 0,
      p90Us: 0,
      p99Us: 0,
      p999Us: 0,
      maxUs: 0,
    };
    return {
      sent: this.#sent,
      handled: this.#handled,
      rejected: this.#rejected,
      deadLettered: { ...this.#deadLettered },
      pending: waiting + parked + this.#device.inTransitTo(this),
      parked,
      emitted: this.#emitted,
      replied: this.#replied,
      errors: this.#errors,
      maxDepth: this.#maxDepth,
      busyMs: 0,
      bytesIn: 0,
      bytesOut: 0,
      memoryBytes: this.memory.byteLength,
      latency: none,
    };
  }

  async readState(instance: number): Promise<Uint8Array> {
    const at = instance * this.#stateStride;
    return new Uint8Array(this.memory.slice(at, at + this.image.state.size));
  }

  async restart(instance: number, state: Uint8Array | null): Promise<void> {
    this.#checkRuns('restart');
    this.roster.check(instance, 'restart');
    this.#writeState(instance, state);
    this.roster.recover(instance);
    if (this.state === 'failed') this.state = this.#stateBefore;
  }

  async spawn(instance: number, state: Uint8Array | null): Promise<void> {
    this.#checkRuns('spawn');
    await this.roster.beginAfter(instance, async () => {
      this.#writeState(instance, state);
      new Uint32Array(this.memory)[this.#drawsIndex + instance] = 0;
      this.#device.buryTransit(this, instance);
    });
    if (this.state === 'failed') this.state = this.#stateBefore;
  }

  async retire(instance: number): Promise<void> {
    this.#checkRuns('retire');
    this.roster.check(instance, 'retire');
    this.roster.end(instance);
    const mailbox = this.mailboxes[instance] as Mailbox;
    for (const message of [...mailbox.takeAll(), ...mailbox.parked.splice(0)]) {
      this.bury(message, 'terminated');
    }
    this.#device.buryTransit(this, instance);
    if (this.state === 'failed' && !this.roster.allFailed) this.state = this.#stateBefore;
  }

  get #open(): boolean {
    return ['launched', 'active', 'deactivated'].includes(this.state);
  }

  #checkRuns(operation: string): void {
    if (this.state === 'terminating' || this.state === 'terminated') {
      throw new KernelTerminatedError(this.options.id, operation);
    }
  }

  #writeState(instance: number, state: Uint8Array | null): void {
    const { size } = this.image.state;
    if (state !== null && state.length !== size) {
      throw new InvalidOptionError('state', `${size} bytes`, state.length);
    }
    const bytes = new Uint8Array(this.memory, instance * this.#stateStride, size);
    if (state === null) bytes.fill(0);
    else bytes.set(state);
  }

  #handle(instance: number, message: ReferenceMessage): void {
    const words = new DataView(this.#arena.buffer);
    this.#arena.fill(0, incoming, headerBytes);
    words.setUint32(4, message.type, true);
    words.setUint32(8, message.payload.length, true);
    words.setUint32(12, message.priority, true);
    words.setUint32(32, message.round, true);
    words.setUint32(48, message.source, true);
    words.setUint32(52, message.destination, true);
    this.#arena.set(message.payload, headerBytes);
    this.#handling = message;
    this.#faulted = false;
    const { size } = this.image.state;
    const state = new Uint8Array(this.memory, instance * this.#stateStride, size);
    const before = state.slice();
    const known = this.#program.run(instance, incoming);
    this.#finishWriting();
    if (this.#faulted && this.options.rollback === true) state.set(before);
    this.#handling = null;
    if (known) this.#handled++;
    else this.bury(message, 'invalid');
  }

  #write(size: number, finish: Outgoing): number {
    this.#finishWriting();
    this.#writing = { size, finish };
    return outgoing + headerBytes;
  }

  #finishWriting(): void {
    const { size, finish } = this.#writing ?? {};
    this.#writing = null;
    const from = outgoing + headerBytes;
    if (size !== undefined) finish?.(this.#arena.slice(from, from + size));
  }

  #send(sender: number, destination: number, type: number, size: number, priority: number): number {
    const source = this.options.baseAddress + sender;
    const target = this.#device.kernelOf(destination);
    const foreign = target !== undefined && target.#tenant !== this.#tenant;
    if (!foreign) target?.countSent();
    return this.#write(size, (payload) => {
      const message: ReferenceMessage = {
        type,
        source,
        origin: source,
        destination,
        priority,
        wantsReply: false,
        correlationLow: 0,
        correlationHigh: 0,
        deadlineMs: 0,
        round: this.#device.round,
        payload,
      };
      if (target === undefined || foreign) {
        this.#sent++;
        this.bury(message, foreign ? 'tenant-mismatch' : 'not-found');
      } else this.#device.post(message);
    });
  }

  #reply(sender: number, type: number, size: number): number {
    const asked = this.#handling as ReferenceMessage;
    return this.#write(size, (payload) => {
      const { correlationLow, correlationHigh, priority } = asked;
      if (!asked.wantsReply) {
        const source = this.options.baseAddress + sender;
        this.#deadLettered['no-reply-expected']++;
        const letter = {
          type,
          source,
          destination: asked.source,
          priority,
          correlationLow,
          correlationHigh,
          payload,
        };
        this.#device.tell(() => this.sink.deadLetter({ ...letter, reason: 'no-reply-expected' }));
        return;
      }
      this.#replied++;
      this.#out('reply', sender, type, payload, { correlationLow, correlationHigh, priority });
    });
  }

  #emit(sender: number, type: number, size: number): number {
    return this.#write(size, (payload) => {
      this.#emitted++;
      this.#out('emit', sender, type, payload, {
        correlationLow: 0,
        correlationHigh: 0,
        priority: 1,
      });
    });
  }

  #out(
    kind: 'emit' | 'reply',
    instance: number,
    type: number,
    payload: Uint8Array,
    rest: { correlationLow: number; correlationHigh: number; priority: number },
  ): void {
    const view = new DataView(payload.buffer);
    const message = {
      kind,
      type,
      instance,
      idLow: this.#device.nextId(),
      idHigh: 0,
      physicalLow: this.#device.round,
      physicalHigh: 0,
      logical: 0,
      node: 0,
      view,
      byteOffset: 0,
      byteLength: payload.length,
      ...rest,
    };
    this.#device.tell(() => this.sink.message(message));
  }

  #fault(instance: number, site: number, value: number): void {
    if (this.#faulted) return;
    this.#faulted = true;
    this.roster.fail(instance);
    this.#errors++;
    if (!this.holds && this.roster.allFailed) {
      this.#stateBefore = this.state;
      this.state = 'failed';
    }
    const { type, correlationLow, correlationHigh } = this.#handling as ReferenceMessage;
    const fault = { instance, site, value, type, correlationLow, correlationHigh };
    this.#device.tell(() => this.sink.fault(fault));
  }
}
