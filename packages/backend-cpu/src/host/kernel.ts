import {
  type DeviceKernel,
  type DeviceLaunchOptions,
  HandlerError,
  HandlerTimeoutError,
  type InjectOptions,
  type InjectStatus,
  InvalidOptionError,
  type KernelCode,
  type KernelCounters,
  type KernelSink,
  type KernelState,
  type MessageDescriptor,
  messageHeader,
  type PayloadWriter,
  type RecordMessage,
  type RingKernelError,
  readDeadLetter,
  WorkerLostError,
} from '@ringkernel/core';
import { beforeHeadBytes, type KernelMemory } from '../memory/kernel-memory.ts';
import type { Placement } from '../memory/placement.ts';
import { headerBytes, replyRecord } from '../queue/record.ts';
import { faultTextOffset, type ThrownText } from '../worker/fault-report.ts';
import { overtimeName } from '../worker/watchdog.ts';
import type { KernelContext } from './context.ts';
import { Ending } from './ending.ts';
import { Injector } from './injector.ts';
import { InstanceWords } from './instance-words.ts';
import { Ledger } from './ledger.ts';
import { Lifecycle } from './lifecycle.ts';
import { remade } from './remade.ts';

/** What a kernel shares with its device, and what it tells it. */
export interface KernelHost extends KernelContext {
  /** Messages of this kernel for the host are on their way no more. */
  forget(kernel: CpuKernel): void;
}

/** The host's side of a kernel. */
export class CpuKernel implements DeviceKernel {
  readonly name: string;
  readonly base: number;
  readonly instances: number;
  readonly sink: KernelSink;
  readonly code: KernelCode;
  readonly #context: KernelContext;
  readonly #placement: Placement;
  readonly #layout: KernelMemory;
  readonly #stateBytes: number;
  readonly #memory: SharedArrayBuffer;
  readonly #told: InstanceWords;
  readonly #lifecycle: Lifecycle;
  readonly #ledger: Ledger;
  readonly #injector: Injector;
  readonly #ending: Ending;

  constructor(
    host: KernelHost,
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
    this.#context = host;
    this.#placement = placement;
    this.#layout = layout;
    this.#stateBytes = stateBytes;
    this.#memory = memory;
    const told = new InstanceWords(memory, layout);
    const lifecycle = new Lifecycle(options, told);
    const ledger = new Ledger(memory, layout, options, host.workers + 1, told);
    this.#told = told;
    this.#lifecycle = lifecycle;
    this.#ledger = ledger;
    this.#injector = new Injector(host, options, placement, lifecycle, ledger, memory, layout);
    this.#ending = new Ending(host, lifecycle, ledger, this.base, () => host.forget(this));
  }

  get state(): KernelState {
    return this.#lifecycle.state;
  }

  get lastMessageId(): { readonly low: number; readonly high: number } {
    return this.#injector.lastId;
  }

  async activate(): Promise<void> {
    if (!this.#lifecycle.open) return;
    this.#context.pump.publish(); // what was sent before counts among what waited, whose order is by priority
    await this.#context.crew.askAll({ op: 'activate', baseAddress: this.base });
    if (this.#lifecycle.open) this.#lifecycle.state = 'active';
  }

  async deactivate(): Promise<void> {
    if (!this.#lifecycle.open) return;
    await this.#context.crew.askAll({ op: 'deactivate', baseAddress: this.base });
    if (this.#lifecycle.open) this.#lifecycle.state = 'deactivated';
  }

  terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    return this.#ending.terminate(timeoutMs);
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    return this.#injector.inject(instance, message, write, value, options);
  }

  refuse(count: number): void {
    this.#ledger.refuse(count);
  }

  room(instance: number): Promise<void> {
    return this.#injector.room(instance);
  }

  counters(): KernelCounters {
    return this.#ledger.counters();
  }

  async readState(instance: number): Promise<Uint8Array> {
    const stopped = this.state === 'terminated' || this.state === 'failed';
    if (!stopped && !this.#ending.removed) {
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
    this.#lifecycle.checkRuns('restart');
    this.#lifecycle.roster.check(instance, 'restart');
    await this.#askOwner('restart', instance, state);
    this.#lifecycle.recount(instance);
    this.#context.pump.check(); // whoever waits for room in a kernel that had failed
  }

  async spawn(instance: number, state: Uint8Array | null): Promise<void> {
    this.#checkState(state);
    this.#lifecycle.checkRuns('spawn');
    const begin = (): Promise<unknown> => this.#askOwner('spawn', instance, state);
    await this.#lifecycle.roster.beginAfter(instance, () => this.#between(begin));
    this.#lifecycle.recover();
  }

  async retire(instance: number): Promise<void> {
    this.#lifecycle.checkRuns('retire');
    this.#lifecycle.roster.check(instance, 'retire');
    this.#lifecycle.roster.end(instance);
    this.#context.pump.check(); // whoever waits for room there
    const request = { op: 'retire', baseAddress: this.base, instance } as const;
    await this.#between(() => this.#context.crew.ask(this.#ownerOf(instance), request));
    if (!this.#lifecycle.roster.allFailed) this.#lifecycle.recover();
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
    this.#lifecycle.recount(instance);
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

  /** A worker has died, and its instances with it. What they had waiting is gone. */
  loseThread(thread: number): number[] {
    if (this.state === 'terminated') return [];
    this.#ledger.wounded = true;
    this.#rollBack(thread);
    const lost: number[] = [];
    for (let i = 0; i < this.instances; i++) {
      if (this.#ownerOf(i) !== thread || !this.#lifecycle.roster.lives(i)) continue;
      this.#told.lose(i);
      lost.push(i);
    }
    return lost;
  }

  /** With rollback: the handler that a dead worker did not finish leaves the state as it found it. */
  #rollBack(thread: number): void {
    const { words } = this.#told;
    const at = this.#layout.before(thread);
    const kept = at < 0 ? 0 : Atomics.load(words, at >>> 2);
    if (kept === 0) return;
    const from = at + beforeHeadBytes;
    const to = this.#layout.stateOffset + (kept - 1) * this.#layout.stateStride;
    new Uint8Array(this.#memory).copyWithin(to, from, from + this.#stateBytes);
    Atomics.store(words, at >>> 2, 0);
  }

  /** Tells of the instances that were lost. */
  tellLost(lost: readonly number[], reason: string, cause: unknown): void {
    for (const instance of lost) {
      this.#lifecycle.recount(instance);
      const error = new WorkerLostError(this.name, instance, reason, cause);
      const nothing = { site: 0, value: 0, type: 0, correlationLow: 0, correlationHigh: 0 };
      this.sink.fault({ instance, ...nothing, error });
    }
  }

  /** What a thread that takes over has to do to know the kernel as the one before it did. */
  get knownTo(): readonly ('activate' | 'close' | 'bury')[] {
    const { sound } = this.#lifecycle;
    if (sound === 'active') return ['activate'];
    return sound === 'terminating' ? ['close', 'bury'] : [];
  }

  /** Nothing moves: what has no end and waits nowhere was lost with a worker. */
  audit(): void {
    this.#ledger.audit();
  }

  /** A worker has nothing more of this kernel. */
  goodbye(): void {
    this.#ending.goodbye();
  }

  /** The device is gone: everything that has no end yet ends here. */
  lose(): void {
    if (this.state === 'terminated') return;
    this.#lifecycle.state = 'failed';
    this.#ledger.lose();
  }

  /** The device closes: nothing of this kernel runs any more. */
  end(): void {
    this.#lifecycle.end();
  }

  #thrown(instance: number, text: Uint8Array): RingKernelError {
    const cause = remade(JSON.parse(new TextDecoder().decode(text)) as ThrownText);
    if (cause.name === overtimeName) {
      return new HandlerTimeoutError(this.name, instance, this.#context.handlerTimeoutMs, cause);
    }
    return new HandlerError(this.name, instance, cause);
  }
}
