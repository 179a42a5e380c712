import {
  acceptsMessages,
  Credit,
  type DeviceKernel,
  type DeviceLaunchOptions,
  deadLetterReasons,
  HandlerTimeoutError,
  type InjectOptions,
  type InjectStatus,
  InvalidOptionError,
  type KernelCode,
  type KernelCounters,
  type KernelImage,
  type KernelSink,
  type KernelState,
  KernelTerminatedError,
  type MessageDescriptor,
  type MessageIdGenerator,
  type PayloadWriter,
  type RecordMessage,
  Roster,
  readDeadLetter,
  senderReasons,
  timeLimit,
} from '@ringkernel/core';
import { overtimeSite, ringRecord } from '../layout/device.ts';
import type { FoundFunction } from '../native/addon.ts';
import type { HostClock } from './clock.ts';
import { CounterReader, HostCounts } from './counters.ts';
import type { KernelMemory } from './kernel-memory.ts';
import type { Lane } from './lane.ts';
import type { Machine } from './machine.ts';
import type { Mailroom } from './mailroom.ts';
import { headerBytes, headerWords, kindOf } from './message.ts';
import type { Pump } from './pump.ts';
import type { PersistentKernel } from './residents.ts';

const replyWanted = 1 << 16;
/** One router passed: the host sends it in the name of its source. */
const routedOnce = 1 << 8;
const terminatedReason = deadLetterReasons.indexOf('terminated');

/** What a kernel needs of its device. */
export interface KernelContext {
  readonly machine: Machine;
  readonly lane: Lane;
  readonly mailroom: Mailroom;
  readonly pump: Pump;
  readonly clock: HostClock;
  readonly ids: MessageIdGenerator;
  readonly lockstep: boolean;
  /** Lockstep: one more round in which only this kernel handles messages. */
  readonly drainRound: (kernel: CudaKernel) => Promise<void>;
  /** The kernel has ended: its addresses are nobody's. While paused. */
  readonly forget: (kernel: CudaKernel) => void;
}

/** A launched kernel as the host sees it. */
export class CudaKernel implements DeviceKernel {
  readonly id: string;
  readonly base: number;
  readonly instances: number;
  /** Of its image. */
  readonly hash: number;
  readonly sink: KernelSink;
  readonly memory: KernelMemory;
  /** Lockstep: what runs a round. */
  readonly round: { readonly fn: FoundFunction; readonly threads: number };
  readonly resident: PersistentKernel | null;
  readonly code: KernelCode;
  readonly #context: KernelContext;
  readonly #options: DeviceLaunchOptions;
  readonly #stateBytes: number;
  readonly #reader: CounterReader;
  readonly #counts: HostCounts = new HostCounts();
  readonly #credit: Credit;
  readonly #roster: Roster;
  /** How often each instance has begun and ended: the device's count, as far as it has answered. */
  readonly #lives: Uint32Array;
  #state: KernelState = 'launched';
  #stateBefore: KernelState = 'active';
  #id: { low: number; high: number } = { low: 0, high: 0 };
  /** The last `activate` or `deactivate`: they take different ways to the device, one after the other. */
  #switched: Promise<unknown> = Promise.resolve();
  #terminating: Promise<{ readonly drained: boolean }> | null = null;
  #lastStates: Uint8Array | null = null;

  constructor(
    context: KernelContext,
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
    memory: KernelMemory,
    round: CudaKernel['round'],
    resident: PersistentKernel | null,
    code: KernelCode,
  ) {
    this.id = options.id;
    this.base = options.baseAddress;
    this.instances = options.instances;
    this.hash = image.hash;
    this.sink = sink;
    this.memory = memory;
    this.round = round;
    this.code = code;
    this.resident = resident;
    this.#context = context;
    this.#options = options;
    this.#stateBytes = image.state.size;
    this.#reader = new CounterReader(memory.mirror, memory.sizeBytes);
    this.#credit = new Credit(options, {
      words: memory.instanceWords,
      first: 0,
      stride: 2,
      taken: 0,
      depth: 1,
    });
    this.#roster = new Roster(options);
    this.#lives = new Uint32Array(this.instances).fill(1, options.living ?? this.instances);
  }

  get state(): KernelState {
    return this.#state;
  }

  /** What it lives on. */
  get machine(): Machine {
    return this.#context.machine;
  }

  get lastMessageId(): { readonly low: number; readonly high: number } {
    return this.#id;
  }

  /** Whether it takes part in a lockstep round. A failed kernel does: what is sent to it becomes dead letters. */
  get takesTurns(): boolean {
    return this.#state === 'active' || this.#state === 'failed';
  }

  async activate(): Promise<void> {
    if (!acceptsMessages(this.#state)) return;
    await this.#switch(() => this.#context.mailroom.activate(this.memory.slot));
    if (acceptsMessages(this.#state)) this.#state = 'active';
  }

  async deactivate(): Promise<void> {
    if (!acceptsMessages(this.#state)) return;
    await this.#switch(() => this.#context.mailroom.ask('deactivate', this.memory.slot));
    if (acceptsMessages(this.#state)) this.#state = 'deactivated';
  }

  terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    this.#terminating ??= this.#terminate(timeoutMs);
    return this.#terminating;
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    if (!this.#takes(instance)) return 'closed';
    if (!this.#credit.has(instance)) return 'full';
    const { lane, lockstep, pump } = this.#context;
    const { size } = message.layout;
    const room = lane.hasRoom;
    if (!room && !lockstep && this.#options.onFull !== 'drop-oldest') return 'full';
    const words = room ? lane.words : new Int32Array(headerWords + Math.ceil(size / 4));
    const view = room ? lane.view : new DataView(words.buffer);
    const word = room ? lane.claim() : 0;
    for (let at = 0; at < size; at += 4) words[word + headerWords + (at >>> 2)] = 0;
    this.#header(words, word, message, instance, options);
    write(view, word * 4 + headerBytes, value);
    if (room) lane.publish();
    else lane.keep(words);
    this.#credit.spend(instance);
    this.#counts.sent++;
    pump.stir();
    return 'accepted';
  }

  refuse(count: number): void {
    this.#counts.sent += count;
    this.#counts.rejected += count;
  }

  async room(instance: number): Promise<void> {
    const { lane, lockstep, pump } = this.#context;
    if (lockstep) return; // room appears when the host steps
    await pump.watch(() => !this.#takes(instance) || (this.#credit.has(instance) && lane.hasRoom));
  }

  counters(): KernelCounters {
    return this.#reader.read(this.#counts);
  }

  async readState(instance: number): Promise<Uint8Array> {
    const { lockstep, machine, mailroom } = this.#context;
    const length = this.#stateBytes;
    await this.#terminating;
    if (this.#lastStates !== null) {
      const at = instance * this.memory.stateStride;
      return this.#lastStates.slice(at, at + length);
    }
    if (length === 0) return new Uint8Array(0);
    if (!lockstep) return await mailroom.ask('read', this.base + instance, length);
    return await machine.paused(() => this.memory.readState(instance, length));
  }

  async restart(instance: number, state: Uint8Array | null): Promise<void> {
    const bytes = this.#checkState(state);
    this.#checkRuns('restart');
    this.#roster.check(instance, 'restart');
    const { machine, pump } = this.#context;
    await machine.paused(async () => {
      this.memory.writeState(instance, bytes);
      await machine.runSystem('rk_restart', this.memory.slot, instance);
      pump.drainAll(); // faults of before the restart count before it
      this.#roster.recover(instance);
    });
    if (this.#state === 'failed') this.#state = this.#stateBefore;
  }

  async spawn(instance: number, state: Uint8Array | null): Promise<void> {
    const bytes = this.#checkState(state);
    this.#checkRuns('spawn');
    const { lockstep, mailroom } = this.#context;
    await this.#roster.beginAfter(instance, async () => {
      if (!lockstep) await mailroom.spawn(this.base + instance, bytes);
      else {
        await this.#betweenRounds('rk_spawn', instance, () => {
          this.memory.writeState(instance, bytes);
        });
      }
      this.#lives[instance] = (this.#lives[instance] as number) + 1;
    });
    if (this.#state === 'failed') this.#state = this.#stateBefore;
  }

  async retire(instance: number): Promise<void> {
    this.#checkRuns('retire');
    this.#roster.check(instance, 'retire');
    this.#roster.end(instance);
    this.#lives[instance] = (this.#lives[instance] as number) + 1;
    const { lockstep, mailroom, pump } = this.#context;
    pump.stir(); // whoever waits for room there
    if (lockstep) await this.#betweenRounds('rk_retire', instance);
    else await mailroom.ask('retire', this.base + instance);
    if (this.#state === 'failed' && !this.#roster.allFailed) this.#state = this.#stateBefore;
  }

  /** Lockstep: what was sent has arrived on the device when the system's kernel runs for the instance. */
  #betweenRounds(name: string, instance: number, before: () => void = () => {}): Promise<void> {
    const { machine, pump, lane } = this.#context;
    return machine.paused(async () => {
      before();
      lane.flush();
      await machine.runSystem('rk_collect');
      await machine.runSystem(name, this.memory.slot, instance);
      pump.drainAll();
    });
  }

  /** The bytes of a first state. */
  #checkState(state: Uint8Array | null): Uint8Array {
    const bytes = this.#stateBytes;
    if (state === null || state.length === bytes) return state ?? new Uint8Array(bytes);
    throw new InvalidOptionError('state', `${bytes} bytes`, state.length);
  }

  #checkRuns(operation: string): void {
    if (this.#terminating !== null) throw new KernelTerminatedError(this.#options.id, operation);
  }

  /** Whether it takes messages for this instance. */
  #takes(instance: number): boolean {
    return acceptsMessages(this.#state) && this.#roster.lives(instance);
  }

  /** A message for the sink. */
  deliver(message: RecordMessage, words: Int32Array, word: number): void {
    const kind = kindOf(words, word) === ringRecord.reply ? 'reply' : 'emit';
    message.fill(words, word, this.base, kind);
    this.sink.message(message);
  }

  deadLetter(words: Int32Array, word: number, reason: number): void {
    this.sink.deadLetter(readDeadLetter(words, word, reason));
  }

  /** An instance has failed; the kernel too when it was the last sound one and nobody restarts it. */
  fault(words: Int32Array, word: number): void {
    const instance = ((words[word + 13] as number) - this.base) | 0;
    this.#roster.fail(instance);
    this.#counts.faults++;
    const over = this.#roster.allFailed && this.#options.onFailure !== 'wait';
    if (over && acceptsMessages(this.#state)) {
      this.#stateBefore = this.#state;
      this.#state = 'failed';
    }
    const site = (words[word + headerWords] as number) >>> 0;
    const { handlerTimeoutMs } = this.#context.machine.settings.options;
    this.sink.fault({
      instance,
      ...(site === overtimeSite
        ? { site: 0, error: new HandlerTimeoutError(this.id, instance, handlerTimeoutMs) }
        : { site }),
      value: (words[word + headerWords + 1] as number) >>> 0,
      type: (words[word + 1] as number) >>> 0,
      correlationLow: (words[word + 6] as number) >>> 0,
      correlationHigh: (words[word + 7] as number) >>> 0,
    });
  }

  /** The device is gone: what has no end yet ends here. */
  lose(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'failed';
    this.#counts.lost = this.counters().pending;
  }

  /** The device closes: nothing of this kernel runs any more. */
  close(): void {
    if (this.#state !== 'failed') this.#state = 'terminated';
  }

  #switch(ask: () => Promise<unknown>): Promise<unknown> {
    if (!this.#context.lockstep) this.#switched = this.#switched.then(ask);
    return this.#switched;
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const { context, memory } = { context: this.#context, memory: this.memory };
    const { machine, pump } = context;
    const ran = this.takesTurns;
    this.#state = 'terminating';
    pump.ref();
    try {
      if (ran && timeoutMs > 0) await this.#drain(timeoutMs);
      const before = this.counters().deadLettered.terminated;
      await machine.paused(async () => {
        await machine.runSystem('rk_collect');
        await machine.runSystem('rk_end', memory.slot);
        this.#lastStates = await memory.readStates();
        pump.drainAll();
        this.#buryKept();
        context.forget(this);
      });
      return { drained: this.counters().deadLettered.terminated === before };
    } finally {
      pump.unref();
      if ((this.#state as KernelState) !== 'failed') this.#state = 'terminated';
    }
  }

  /** Waits until everything is handled, or the time is over. */
  async #drain(timeoutMs: number): Promise<void> {
    const { drainRound, lockstep, mailroom } = this.#context;
    if (lockstep) return await drainRound(this);
    const limit = timeLimit(timeoutMs);
    try {
      await limit.within(mailroom.ask('drain', this.memory.slot));
    } finally {
      limit.clear();
    }
  }

  /** What the device never got becomes dead letters here. */
  #buryKept(): void {
    const { base, instances } = this;
    for (const record of this.#context.lane.recall(base, base + instances)) {
      this.#counts.terminated++;
      this.deadLetter(record, 0, terminatedReason);
    }
  }

  #header(
    words: Int32Array,
    word: number,
    message: MessageDescriptor,
    instance: number,
    options: InjectOptions,
  ): void {
    const { clock, ids } = this.#context;
    clock.tick();
    ids.next();
    this.#id.low = ids.low;
    this.#id.high = ids.high;
    words[word + 1] = message.id;
    words[word + 2] = message.layout.size;
    const { source = 0 } = options;
    const routed = source === 0 ? 0 : routedOnce;
    words[word + 3] = options.priority | routed | (options.wantsReply ? replyWanted : 0);
    words[word + 4] = this.#id.low;
    words[word + 5] = this.#id.high;
    words[word + 6] = options.correlationLow;
    words[word + 7] = options.correlationHigh;
    words[word + 8] = clock.low;
    words[word + 9] = clock.high;
    words[word + 10] = clock.logical;
    words[word + 11] = clock.node;
    words[word + 12] = source;
    words[word + 13] = this.base + instance;
    words[word + 14] = options.deadlineMs;
    words[word + 15] = this.#lives[instance] as number;
  }
}

/** Whether a record is about what its own sender did, and not about its destination. */
export function concernsSender(words: Int32Array, word: number): boolean {
  const reason = deadLetterReasons[words[word + 15] as number];
  if (kindOf(words, word) < 2 || reason === 'output-full') return true;
  return reason !== undefined && senderReasons.includes(reason);
}
