import {
  Credit,
  DeviceClosedError,
  type DeviceKernel,
  type DeviceLaunchOptions,
  DeviceLostError,
  deadLetterReasons,
  HandlerError,
  HandlerTimeoutError,
  type InjectOptions,
  type InjectStatus,
  InvalidOptionError,
  instanceWords,
  type KernelCode,
  type KernelCounters,
  type KernelSink,
  type KernelState,
  KernelTerminatedError,
  type MessageDescriptor,
  type MessageIdGenerator,
  messageHeader,
  type PayloadWriter,
  type RecordMessage,
  type RingKernelError,
  Roster,
  readDeadLetter,
  WorkerLostError,
} from '@ringkernel/core';
import { CounterReader } from '../memory/counters.ts';
import { beforeHeadBytes, type KernelMemory } from '../memory/kernel-memory.ts';
import { KernelMeter } from '../memory/meter.ts';
import type { Placement } from '../memory/placement.ts';
import type { LaneWriter } from '../queue/lane.ts';
import { headerBytes, replyRecord, replyWanted, routedOnce, slotsOf } from '../queue/record.ts';
import { faultTextOffset, type ThrownText } from '../worker/fault-report.ts';
import { overtimeName } from '../worker/watchdog.ts';
import type { Crew } from './crew.ts';
import { deadline } from './deadline.ts';
import type { HostRounds } from './host-rounds.ts';
import type { Pump } from './pump.ts';
import { remade } from './remade.ts';

/** Records written to a lane before it is published within a turn of the caller. */
const publishEvery = 32;
/** How long an ended kernel's last records may take to come in, milliseconds. */
const graceMs = 1_000;

/** What a kernel shares with its device. */
export interface KernelContext {
  readonly crew: Crew;
  readonly pump: Pump;
  readonly ids: MessageIdGenerator;
  /** In lockstep. */
  readonly rounds: HostRounds | null;
  readonly workers: number;
  readonly handlerTimeoutMs: number;
  /** Where a record is written that the lane has no room for. */
  readonly scratch: number;
  /** The kernel has counts to flush before anything is published. */
  mark(meter: KernelMeter): void;
  /** Tells whether messages for the host are on their way no more. */
  forget(kernel: CpuKernel): void;
}

/** The host's side of a kernel. */
export class CpuKernel implements DeviceKernel {
  readonly name: string;
  readonly base: number;
  readonly instances: number;
  readonly sink: KernelSink;
  readonly code: KernelCode;
  readonly meter: KernelMeter;
  readonly #context: KernelContext;
  readonly #options: DeviceLaunchOptions;
  readonly #placement: Placement;
  readonly #layout: KernelMemory;
  readonly #stateBytes: number;
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #reader: CounterReader;
  readonly #credit: Credit;
  readonly #id: { low: number; high: number } = { low: 0, high: 0 };
  #state: KernelState = 'launched';
  readonly #roster: Roster;
  readonly #lives: Int32Array;
  /** What the kernel was when its last sound instance failed. */
  #stateBefore: KernelState = 'active';
  #goodbyes = 0;
  /** The workers know it no more, or will not when they have done what they were asked. */
  #removed = false;
  /** A worker has died: what it had not told is counted when nothing moves. */
  #wounded = false;
  #terminating: Promise<{ readonly drained: boolean }> | null = null;

  constructor(
    context: KernelContext,
    options: DeviceLaunchOptions,
    sink: KernelSink,
    placement: Placement,
    layout: KernelMemory,
    stateBytes: number,
    memory: SharedArrayBuffer,
    code: KernelCode,
  ) {
    this.code = code;
    this.name = options.id;
    this.base = options.baseAddress;
    this.instances = options.instances;
    this.sink = sink;
    this.meter = new KernelMeter(memory, layout.counters(0), -1);
    this.#context = context;
    this.#options = options;
    this.#placement = placement;
    this.#layout = layout;
    this.#stateBytes = stateBytes;
    this.#memory = memory;
    this.#words = new Int32Array(memory);
    this.#roster = new Roster(options);
    this.#lives = new Int32Array(memory, layout.livesOffset, this.instances);
    this.#lives.fill(1, options.living ?? this.instances);
    this.#view = new DataView(context.pump.words.buffer);
    this.#reader = new CounterReader(memory, layout, context.workers + 1);
    this.#credit = new Credit(options, {
      words: this.#words,
      first: layout.instancesOffset >>> 2,
      stride: instanceWords.sizeWords,
      taken: instanceWords.hostTakenWord,
      depth: instanceWords.depthWord,
    });
  }

  get state(): KernelState {
    return this.#state;
  }

  get lastMessageId(): { readonly low: number; readonly high: number } {
    return this.#id;
  }

  /** Whether `inject` may succeed: the kernel is not about to end, and not failed. */
  get open(): boolean {
    return this.#state === 'active' || this.#state === 'launched' || this.#state === 'deactivated';
  }

  #takes(instance: number): boolean {
    return this.open && this.#roster.lives(instance);
  }

  async activate(): Promise<void> {
    if (!this.open) return;
    this.#context.pump.publish(); // what was sent before counts among what waited, whose order is by priority
    await this.#context.crew.askAll({ op: 'activate', baseAddress: this.base });
    if (this.open) this.#state = 'active';
  }

  async deactivate(): Promise<void> {
    if (!this.open) return;
    await this.#context.crew.askAll({ op: 'deactivate', baseAddress: this.base });
    if (this.open) this.#state = 'deactivated';
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
    const { pump, ids, scratch } = this.#context;
    const { size } = message.layout;
    const { priority } = options;
    const owner = this.#ownerOf(instance);
    const lane = pump.writers[owner] as LaneWriter;
    let offset = lane.spill.count === 0 ? lane.claim(slotsOf(size), priority) : -1;
    const spills = offset < 0;
    if (spills) {
      if (this.#options.onFull === 'wait') return this.#crowded(lane);
      offset = scratch;
    }
    pump.begin();
    const { source = 0 } = options;
    const routed = source === 0 ? 0 : routedOnce;
    const packed = priority | routed | (options.wantsReply ? replyWanted : 0);
    this.#header(offset >>> 2, message.id, size, packed, instance, options);
    ids.next();
    pump.words[(offset >>> 2) + 4] = ids.low;
    pump.words[(offset >>> 2) + 5] = ids.high;
    this.#id.low = ids.low;
    this.#id.high = ids.high;
    this.#clear(offset + headerBytes, size);
    try {
      write(this.#view, offset + headerBytes, value);
    } catch (error) {
      if (!spills) lane.unclaim(priority);
      throw error;
    }
    if (spills) lane.spill.push(pump.words, offset >>> 2);
    this.#credit.spend(instance);
    this.meter.sent++;
    this.meter.pending++;
    if (!this.meter.dirty) this.#context.mark(this.meter);
    if (options.wantsReply) pump.calls++;
    pump.touch(lane);
    if (lane.pending >= publishEvery) pump.publish();
    return 'accepted';
  }

  refuse(count: number): void {
    this.meter.sent += count;
    this.meter.rejected(count);
    this.meter.flush();
  }

  async room(instance: number): Promise<void> {
    const owner = this.#ownerOf(instance);
    const lane = this.#context.pump.writers[owner] as LaneWriter;
    await this.#context.pump.watch(
      () =>
        !this.#takes(instance) ||
        (this.#credit.has(instance) && lane.spill.count === 0 && lane.hasRoom()),
      true,
    );
  }

  counters(): KernelCounters {
    this.meter.flush();
    return this.#reader.read();
  }

  async readState(instance: number): Promise<Uint8Array> {
    const stopped = this.#state === 'terminated' || this.#state === 'failed';
    if (!stopped && !this.#removed) {
      const owner = this.#ownerOf(instance);
      const request = { op: 'read', baseAddress: this.base, instance } as const;
      const { bytes } = await this.#context.crew.ask(owner, request);
      if (bytes !== undefined) return bytes;
    }
    const at = this.#layout.stateOffset + instance * this.#layout.stateStride;
    return new Uint8Array(this.#memory).slice(at, at + this.#stateBytes);
  }

  async restart(instance: number, state: Uint8Array | null): Promise<void> {
    this.#checkState(state);
    this.#checkRuns('restart');
    this.#roster.check(instance, 'restart');
    await this.#askOwner('restart', instance, state);
    this.#recount(instance);
    this.#context.pump.check(); // whoever waits for room in a kernel that had failed
  }

  async spawn(instance: number, state: Uint8Array | null): Promise<void> {
    this.#checkState(state);
    this.#checkRuns('spawn');
    const begin = (): Promise<unknown> => this.#askOwner('spawn', instance, state);
    await this.#roster.beginAfter(instance, () => this.#between(begin));
    if (this.#state === 'failed') this.#state = this.#stateBefore;
  }

  async retire(instance: number): Promise<void> {
    this.#checkRuns('retire');
    this.#roster.check(instance, 'retire');
    this.#roster.end(instance);
    this.#context.pump.check(); // whoever waits for room there
    const request = { op: 'retire', baseAddress: this.base, instance } as const;
    await this.#between(() => this.#context.crew.ask(this.#ownerOf(instance), request));
    if (this.#state === 'failed' && !this.#roster.allFailed) this.#state = this.#stateBefore;
  }

  /** In lockstep: when what was sent has arrived, and what comes of it is handed over in order. */
  async #between(action: () => Promise<unknown>): Promise<void> {
    const { pump, rounds } = this.#context;
    pump.publish();
    await rounds?.ordered(async () => {
      await action();
      while (pump.drain() > 0);
    });
    if (rounds === null) await action();
  }

  #askOwner(op: 'restart' | 'spawn', instance: number, state: Uint8Array | null): Promise<unknown> {
    const copy = state === null ? null : state.slice();
    const request = { op, baseAddress: this.base, instance, state: copy };
    return this.#context.crew.ask(this.#ownerOf(instance), request);
  }

  #ownerOf(instance: number): number {
    return this.#placement.owners[instance >>> this.#placement.shift] as number;
  }

  #checkState(state: Uint8Array | null): void {
    const bytes = this.#stateBytes;
    if (state === null || state.length === bytes) return;
    throw new InvalidOptionError('state', `${bytes} bytes`, state.length);
  }

  #checkRuns(operation: string): void {
    if (!this.open && this.#state !== 'failed') {
      throw new KernelTerminatedError(this.name, operation);
    }
  }

  /** A message for the sink. */
  deliver(message: RecordMessage, offset: number): void {
    const { words } = this.#context.pump;
    const word = offset >>> 2;
    const reply = ((words[word + messageHeader.flagsWord] as number) & replyRecord) !== 0;
    message.fill(words, word, this.base, reply ? 'reply' : 'emit');
    this.sink.message(message);
  }

  deadLetter(offset: number): void {
    const { words } = this.#context.pump;
    const word = offset >>> 2;
    this.sink.deadLetter(readDeadLetter(words, word, words[word] as number));
  }

  /** An instance has failed; the kernel too when it was the last sound one. */
  fault(offset: number): void {
    const { words } = this.#context.pump;
    const word = offset >>> 2;
    const instance = ((words[word + 13] as number) - this.base) | 0;
    this.#recount(instance);
    const text = new Uint8Array(words.buffer).slice(
      offset + headerBytes + faultTextOffset,
      offset + headerBytes + (words[word + messageHeader.payloadBytesWord] as number),
    );
    this.sink.fault({
      instance,
      site: words[word + 16] as number,
      value: (words[word + 17] as number) >>> 0,
      type: (words[word + 1] as number) >>> 0,
      correlationLow: (words[word + 6] as number) >>> 0,
      correlationHigh: (words[word + 7] as number) >>> 0,
      ...(text.length === 0 ? {} : { error: this.#thrown(instance, text) }),
    });
  }

  /** Whether the thread owns an instance. */
  owns(thread: number): boolean {
    return this.#placement.owners.includes(thread);
  }

  /** A worker has died, and its instances with it. What they had waiting is gone. */
  loseThread(thread: number): number[] {
    if (this.#state === 'terminated') return [];
    this.#wounded = true;
    this.#rollBack(thread);
    const lost: number[] = [];
    for (let i = 0; i < this.instances; i++) {
      if (this.#ownerOf(i) !== thread || !this.#roster.lives(i)) continue;
      const own = (this.#layout.instancesOffset >>> 2) + i * instanceWords.sizeWords;
      Atomics.store(this.#words, own + instanceWords.faultSiteWord, 1);
      Atomics.store(this.#words, own + instanceWords.depthWord, 0);
      lost.push(i);
    }
    return lost;
  }

  /** With rollback: the handler that a dead worker did not finish leaves the state as it found it. */
  #rollBack(thread: number): void {
    const at = this.#layout.before(thread);
    const kept = at < 0 ? 0 : Atomics.load(this.#words, at >>> 2);
    if (kept === 0) return;
    const from = at + beforeHeadBytes;
    const to = this.#layout.stateOffset + (kept - 1) * this.#layout.stateStride;
    new Uint8Array(this.#memory).copyWithin(to, from, from + this.#stateBytes);
    Atomics.store(this.#words, at >>> 2, 0);
  }

  /** Tells of the instances that were lost. */
  tellLost(lost: readonly number[], reason: string, cause: unknown): void {
    for (const instance of lost) {
      this.#recount(instance);
      const error = new WorkerLostError(this.name, instance, reason, cause);
      const nothing = { site: 0, value: 0, type: 0, correlationLow: 0, correlationHigh: 0 };
      this.sink.fault({ instance, ...nothing, error });
    }
  }

  /** What a thread that takes over has to do to know the kernel as the one before it did. */
  get knownTo(): readonly ('activate' | 'close' | 'bury')[] {
    const state = this.#state === 'failed' ? this.#stateBefore : this.#state;
    if (state === 'active') return ['activate'];
    return state === 'terminating' ? ['close', 'bury'] : [];
  }

  /** Nothing moves: what has no end and waits nowhere was lost with a worker. */
  audit(): void {
    if (!this.#wounded) return;
    this.#wounded = false;
    let waiting = 0;
    for (let i = 0; i < this.instances; i++) {
      const own = (this.#layout.instancesOffset >>> 2) + i * instanceWords.sizeWords;
      waiting += Atomics.load(this.#words, own + instanceWords.depthWord);
      this.#credit.audit(i);
    }
    this.#writeOff(waiting);
  }

  /** But for so many, what was sent and has no end yet ends here. */
  #writeOff(waiting: number): void {
    this.meter.flush();
    const lost = this.#reader.sent() - this.#reader.finished() - waiting;
    if (lost > 0) this.meter.deadLettered(deadLetterReasons.indexOf('device-lost'), lost);
    this.meter.pending -= this.#reader.read().pending - waiting;
    this.meter.flush();
  }

  /** A worker has nothing more of this kernel. */
  goodbye(): void {
    this.#goodbyes++;
  }

  /** The device is gone: everything that has no end yet ends here. */
  lose(): void {
    const { state } = this;
    if (state === 'terminated') return;
    this.#state = 'failed';
    this.#writeOff(0);
    const { parked } = this.#reader.read();
    if (parked !== 0) this.meter.parked(-parked);
  }

  /** The device closes: nothing of this kernel runs any more. */
  end(): void {
    if (this.#state !== 'failed') this.#state = 'terminated';
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const { crew, pump } = this.#context;
    if (this.#state === 'failed' && !this.#roster.allFailed) return { drained: false };
    const ran = this.#state === 'active' || this.#state === 'failed';
    this.#state = 'terminating';
    pump.publish();
    pump.check();
    const grace = deadline(timeoutMs + graceMs);
    crew.ref();
    const outcome = { drained: false };
    try {
      const ended = await grace.within(this.#shutDown(ran ? timeoutMs : 0, outcome));
      // A worker is inside of a long handler: it finds this behind the request it has not seen yet.
      if (!ended) crew.askAll({ op: 'bury', baseAddress: this.base }).catch(() => {});
    } catch (error) {
      if (!(error instanceof DeviceClosedError || error instanceof DeviceLostError)) throw error;
    } finally {
      grace.clear();
      crew.unref();
      if (this.state !== 'failed') this.#state = 'terminated';
    }
    return { drained: outcome.drained };
  }

  /** New messages are refused, those that wait get so much time, then the workers end the kernel. */
  async #shutDown(timeoutMs: number, outcome: { drained: boolean }): Promise<void> {
    const { crew, pump, rounds } = this.#context;
    const until = deadline(timeoutMs);
    const ask = (op: 'close' | 'bury' | 'remove') => crew.askAll({ op, baseAddress: this.base });
    try {
      await ask('close');
      if (timeoutMs > 0) {
        await until.within(
          rounds?.drain(this.base) ?? pump.watch(() => this.#stuck() || until.over, true),
        );
      }
      outcome.drained = this.#finished();
      const end = (): Promise<void> => this.#end(ask);
      await (rounds?.ordered(end) ?? end());
    } finally {
      until.clear();
      this.#context.forget(this);
    }
  }

  /** Looks whether the instance is failed now, which decides about the kernel: a fault may be old news. */
  #recount(instance: number): void {
    const own = (this.#layout.instancesOffset >>> 2) + instance * instanceWords.sizeWords;
    const failed = Atomics.load(this.#words, own + instanceWords.faultSiteWord) !== 0;
    if (failed) this.#roster.fail(instance);
    else this.#roster.recover(instance);
    if (this.#options.onFailure === 'wait') return;
    const all = this.#roster.allFailed;
    if (all && this.open) {
      this.#stateBefore = this.#state;
      this.#state = 'failed';
    } else if (!all && this.#state === 'failed') this.#state = this.#stateBefore;
  }

  #thrown(instance: number, text: Uint8Array): RingKernelError {
    const cause = remade(JSON.parse(new TextDecoder().decode(text)) as ThrownText);
    if (cause.name === overtimeName) {
      return new HandlerTimeoutError(this.name, instance, this.#context.handlerTimeoutMs, cause);
    }
    return new HandlerError(this.name, instance, cause);
  }

  /** What waits becomes dead letters, then the workers forget the kernel. */
  async #end(ask: (op: 'bury' | 'remove') => Promise<void>): Promise<void> {
    const { pump, workers } = this.#context;
    await ask('bury');
    const grace = deadline(graceMs);
    try {
      await pump.watch(() => this.#finished() || this.#wounded || grace.over, true);
      this.#removed = true;
      if (!(await grace.within(ask('remove')))) return;
      await pump.watch(() => this.#goodbyes >= workers || grace.over, true);
      if (this.#wounded) this.#writeOff(0);
    } finally {
      grace.clear();
    }
  }

  /** Whether everything sent to the kernel has come to an end. The ends are read first. */
  #finished(): boolean {
    this.meter.flush();
    const finished = this.#reader.finished();
    return finished >= this.#reader.sent();
  }

  /** Whether nothing more is handled: all has an end, but for what waits for instances that have failed. */
  #stuck(): boolean {
    if (this.#finished()) return true;
    if (this.#wounded && this.#context.pump.quiet()) return true;
    if (this.#options.onFailure !== 'wait') return false;
    let held = 0;
    for (const instance of this.#roster.failed) {
      const own = (this.#layout.instancesOffset >>> 2) + instance * instanceWords.sizeWords;
      held += Atomics.load(this.#words, own + instanceWords.depthWord);
    }
    return this.#reader.finished() + held >= this.#reader.sent();
  }

  /** The lane is full, whatever the mailbox has: the caller waits for `room`. */
  #crowded(lane: LaneWriter): InjectStatus {
    this.#context.pump.touch(lane);
    this.#context.pump.publish();
    return 'full';
  }

  #clear(offset: number, size: number): void {
    const { words } = this.#context.pump;
    const from = offset >>> 2;
    const to = (offset + size + 3) >>> 2;
    for (let word = from; word < to; word++) words[word] = 0;
  }

  #header(
    word: number,
    type: number,
    size: number,
    packed: number,
    instance: number,
    options: InjectOptions,
  ): void {
    const { words, clock } = this.#context.pump;
    clock.tick();
    words[word] = 0;
    words[word + 1] = type;
    words[word + 2] = size;
    words[word + 3] = packed;
    words[word + 6] = options.correlationLow;
    words[word + 7] = options.correlationHigh;
    words[word + 8] = clock.low;
    words[word + 9] = clock.high;
    words[word + 10] = clock.logical;
    words[word + 11] = clock.node;
    words[word + 12] = options.source ?? 0;
    words[word + 13] = this.base + instance;
    words[word + 14] = options.deadlineMs;
    words[word + 15] = clock.lockstep ? 0 : (this.#lives[instance] as number);
  }
}
