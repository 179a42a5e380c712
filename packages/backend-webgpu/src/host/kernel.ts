import {
  type DeviceKernel,
  type DeviceLaunchOptions,
  type InjectOptions,
  type InjectStatus,
  InvalidOptionError,
  type KernelCode,
  type KernelCounters,
  type KernelSink,
  type KernelState,
  KernelTerminatedError,
  type MessageDescriptor,
  type PayloadWriter,
  Roster,
} from '@ringkernel/core';
import { absent, header, mode, record, routedOnce, wantsReply } from '../text/layout.ts';
import { Counters } from './counters.ts';
import type { KernelSlot } from './kernel-slot.ts';
import type { Pump } from './pump.ts';

/** The host's side of a kernel. */
export class GpuKernel implements DeviceKernel {
  readonly id: string;
  readonly base: number;
  readonly instances: number;
  readonly slot: KernelSlot;
  readonly sink: KernelSink;
  readonly code: KernelCode;
  readonly counted: Counters = new Counters();
  readonly lastMessageId: { low: number; high: number } = { low: 0, high: 0 };
  state: KernelState = 'launched';
  readonly #pump: Pump;
  readonly #options: DeviceLaunchOptions;
  readonly #stateBytes: number;
  readonly #stateStride: number;
  /** Messages of the host that an instance has not taken in yet, and those that rest there. */
  readonly #onTheWay: Uint32Array;
  readonly #depths: Uint32Array;
  readonly #roster: Roster;
  /** What the kernel was when its last sound instance failed. */
  #stateBefore: KernelState = 'launched';
  /** The states when the kernel ended, or why they could not be copied. */
  #keptStates: Uint8Array | Error | null = null;
  #terminating: Promise<{ readonly drained: boolean }> | null = null;

  constructor(
    pump: Pump,
    options: DeviceLaunchOptions,
    slot: KernelSlot,
    sink: KernelSink,
    code: KernelCode,
    stateBytes: number,
    stateStride: number,
  ) {
    this.#pump = pump;
    this.#options = options;
    this.id = options.id;
    this.base = options.baseAddress;
    this.instances = options.instances;
    this.slot = slot;
    this.sink = sink;
    this.code = code;
    this.#stateBytes = stateBytes;
    this.#stateStride = stateStride;
    this.#onTheWay = new Uint32Array(options.instances);
    this.#depths = new Uint32Array(options.instances);
    this.#roster = new Roster(options);
  }

  get open(): boolean {
    return this.state === 'launched' || this.state === 'active' || this.state === 'deactivated';
  }

  async activate(): Promise<void> {
    await this.#turn(mode.running, 'active');
  }

  async deactivate(): Promise<void> {
    await this.#turn(mode.stopped, 'deactivated');
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
    if (!this.#hasRoom(instance)) return 'full';
    const { size } = message.layout;
    const batch = this.#pump.batch();
    const at = batch.add(size);
    try {
      write(batch.view, (at + header.words) * 4, value);
    } catch (error) {
      batch.undo(at);
      throw error;
    }
    const { source = 0 } = options;
    const routed = source === 0 ? 0 : routedOnce;
    const packed = options.priority | routed | (options.wantsReply ? wantsReply : 0);
    this.#pump.stamp(this.lastMessageId, batch.words, at);
    const { words } = batch;
    words[at + header.type] = message.id;
    words[at + header.bytes] = size;
    words[at + header.packed] = packed;
    words[at + header.correlationLow] = options.correlationLow;
    words[at + header.correlationHigh] = options.correlationHigh;
    words[at + header.source] = source;
    words[at + header.destination] = this.base + instance;
    words[at + header.deadline] = options.deadlineMs;
    this.#onTheWay[instance] = (this.#onTheWay[instance] as number) + 1;
    this.counted.injected++;
    this.#pump.wake();
    return 'accepted';
  }

  refuse(count: number): void {
    this.counted.refused += count;
  }

  async room(instance: number): Promise<void> {
    while (this.#takes(instance) && !this.#hasRoom(instance)) await this.#pump.progress();
  }

  counters(): KernelCounters {
    return this.counted.read(this.slot.sizeBytes);
  }

  async readState(instance: number): Promise<Uint8Array> {
    const at = instance * this.#stateStride;
    const kept = this.#keptStates;
    if (kept === null) return await this.#pump.readState(this, at, this.#stateBytes);
    if (kept instanceof Uint8Array) return kept.slice(at, at + this.#stateBytes);
    throw kept;
  }

  async restart(instance: number, state: Uint8Array | null): Promise<void> {
    const words = this.#stateWords(state);
    await this.#pump.alone(async () => {
      this.#checkRuns('restart');
      this.#roster.check(instance, 'restart');
      this.#pump.restart(this.slot, instance, words);
      this.#roster.recover(instance);
      if (this.state === 'failed') this.state = this.#stateBefore;
    });
  }

  async spawn(instance: number, state: Uint8Array | null): Promise<void> {
    const words = this.#stateWords(state);
    await this.#pump.alone(async () => {
      this.#checkRuns('spawn');
      await this.#roster.beginAfter(instance, async () => {
        await this.#pump.buryInstance(this, instance);
        this.#pump.clear(this.slot, instance, 0);
        this.#pump.restart(this.slot, instance, words);
      });
      if (this.state === 'failed') this.state = this.#stateBefore;
    });
  }

  async retire(instance: number): Promise<void> {
    this.#checkRuns('retire');
    this.#roster.check(instance, 'retire');
    this.#roster.end(instance);
    await this.#pump.alone(async () => {
      this.#checkRuns('retire');
      await this.#pump.buryInstance(this, instance);
      this.#pump.clear(this.slot, instance, absent);
      this.#depths[instance] = 0;
      if (this.state === 'failed' && !this.#roster.allFailed) this.state = this.#stateBefore;
    });
  }

  /** A state as the device has it. */
  #stateWords(state: Uint8Array | null): Uint32Array {
    const bytes = new Uint8Array(this.#stateStride);
    if (state !== null && state.length !== this.#stateBytes) {
      throw new InvalidOptionError('state', `${this.#stateBytes} bytes`, state.length);
    }
    if (state !== null) bytes.set(state);
    return new Uint32Array(bytes.buffer);
  }

  /** Throws what the device was lost with, or `KernelTerminatedError`. */
  #checkRuns(operation: string): void {
    this.#pump.check();
    if (this.state === 'terminating' || this.state === 'terminated') {
      throw new KernelTerminatedError(this.id, operation);
    }
  }

  /** Whether it takes messages for this instance. */
  #takes(instance: number): boolean {
    return this.open && this.#pump.lost === null && this.#roster.lives(instance);
  }

  /** The instance at this address has so many messages at rest. */
  setDepth(address: number, depth: number): void {
    this.#depths[address - this.base] = depth;
  }

  /** The device has taken in a message of the host. */
  arrived(address: number): void {
    const instance = address - this.base;
    this.#onTheWay[instance] = (this.#onTheWay[instance] as number) - 1;
  }

  /** An instance has failed; the kernel too when it was the last sound one. */
  fault(words: Uint32Array, at: number): void {
    const instance = (words[at + record.source] as number) - this.base;
    this.#roster.fail(instance);
    if (this.#roster.allFailed && this.open && this.#options.onFailure !== 'wait') {
      this.#stateBefore = this.state;
      this.state = 'failed';
    }
    this.sink.fault({
      instance,
      site: words[at + record.site] as number,
      value: words[at + record.value] as number,
      type: words[at + record.type] as number,
      correlationLow: words[at + record.correlationLow] as number,
      correlationHigh: words[at + record.correlationHigh] as number,
    });
  }

  /** The device is gone. */
  lose(): void {
    if (this.state === 'terminated') return;
    this.state = 'failed';
    this.counted.lose();
  }

  /** The device closes: nothing of this kernel runs any more. */
  end(): void {
    if (this.state !== 'failed') this.state = 'terminated';
  }

  #hasRoom(instance: number): boolean {
    const { onFull, queueCapacity } = this.#options;
    if (onFull === 'drop-oldest') return true;
    const there = (this.#onTheWay[instance] as number) + (this.#depths[instance] as number);
    return there < queueCapacity;
  }

  /** Copies the states of a kernel that ends to the host, before their memory on the device is given back. */
  async keepStates(read: (bytes: number) => Promise<Uint8Array>): Promise<void> {
    const bytes = this.instances * this.#stateStride;
    this.#keptStates = await read(bytes).catch((error: Error) => error);
  }

  async #turn(to: number, state: 'active' | 'deactivated'): Promise<void> {
    if (!this.open) return;
    await this.#pump.alone(async () => {
      if (!this.open) return;
      this.#pump.setMode(this, to);
      this.state = state;
    });
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const ran = this.state === 'active';
    if (this.state !== 'failed') this.state = 'terminating';
    if (ran && timeoutMs > 0) await this.#pump.drain(this, timeoutMs);
    const drained = this.counted.pending === 0;
    await this.#pump.bury(this);
    this.state = 'terminated';
    return { drained };
  }
}
