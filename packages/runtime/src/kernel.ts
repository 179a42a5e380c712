import {
  type AnyDefinition,
  assertTransition,
  type Codec,
  codecOf,
  type DeadLetterReason,
  type Device,
  type DeviceKernel,
  InstanceNotFoundError,
  InvalidOptionError,
  type KernelCounters,
  type KernelImage,
  type KernelState,
  KernelTerminatedError,
  listNames,
  type MessageDescriptor,
  nearestName,
  type RingKernelError,
} from '@ringkernel/core';
import type { Callee, Calls } from './calls.ts';
import { checkSettings } from './capabilities.ts';
import type { Correlations } from './correlations.ts';
import { createInbound } from './create-inbound.ts';
import type { UndeliveredMessage } from './dead-letters.ts';
import { EndWaiting } from './end-waiting.ts';
import { KernelFailedError } from './errors.ts';
import type { KernelFault } from './faults.ts';
import { Flow } from './flow/flow.ts';
import type { Inbound } from './inbound.ts';
import { Instances } from './instances.ts';
import type { KernelMetrics, KernelStatus } from './kernel-figures.ts';
import type { KernelSettings } from './kernel-settings.ts';
import { type DeadlineClock, Outbound } from './outbound.ts';
import type { Filter, OutputQueue } from './output-queue.ts';
import type { AnyReceived } from './received.ts';
import {
  type Ending,
  type ReceiveWaiting,
  Reception,
  type ReceptionContext,
  type ReceptionLimits,
} from './reception.ts';
import type { WaitingRoom } from './waiting.ts';

/** Faults that `faults()` remembers. */
const faultCapacity = 1_000;

/** What a kernel needs of its runtime. */
export interface KernelHost {
  readonly room: WaitingRoom;
  readonly calls: Calls;
  readonly clock: DeadlineClock;
  onDeadLetter(letter: UndeliveredMessage): void;
  onFault(fault: KernelFault): void;
  /** The kernel ended, its id is free. */
  onEnd(kernel: Kernel): void;
  /** Somebody sent to a kernel that had ended. */
  onLateRefusal(): void;
}

/** Something that happened to a kernel. The last one is `terminated`, or `lost` with its device. */
export type KernelEvent =
  | { readonly kind: 'failed'; readonly instance: number; readonly error: RingKernelError }
  | { readonly kind: 'restarted'; readonly instance: number }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'lost'; readonly error: RingKernelError };

/** A kernel as the runtime knows it. Handles are views of it. */
export class Kernel implements Callee, ReceptionContext {
  readonly id: string;
  readonly definition: AnyDefinition;
  readonly settings: KernelSettings;
  readonly room: WaitingRoom;
  readonly output: OutputQueue;
  readonly correlations: Correlations;
  readonly outbound: Outbound;
  readonly instances: Instances;
  readonly receivers: Set<ReceiveWaiting> = new Set();
  /** Who hears of each event. They must not throw. */
  readonly observers: Set<(event: KernelEvent) => void> = new Set();
  /** Its supervisor's: treats it as if it had failed. */
  failFrom: ((error: RingKernelError) => void) | undefined;
  readonly #host: KernelHost;
  readonly #device: DeviceKernel;
  readonly #inbound: Inbound;
  readonly #flow: Flow;
  readonly #emits: readonly MessageDescriptor[];
  readonly #stateCodec: Codec;
  readonly #faults: KernelFault[] = [];
  readonly #endWaits: Set<EndWaiting> = new Set();
  readonly #launchedMs: number = performance.now();
  #endedMs: number | undefined;
  #state: KernelState = 'launched';
  #ending: Ending | undefined;
  #lost: RingKernelError | undefined;
  #terminating: Promise<{ readonly drained: boolean }> | undefined;
  #last: KernelCounters | undefined;

  private constructor(
    host: KernelHost,
    definition: AnyDefinition,
    settings: KernelSettings,
    inbound: Inbound,
    device: DeviceKernel,
  ) {
    const { image, types, output, correlations } = inbound.context;
    this.id = settings.id;
    this.definition = definition;
    this.settings = settings;
    this.instances = new Instances(settings);
    this.room = host.room;
    this.output = output;
    this.correlations = correlations;
    this.#host = host;
    this.#device = device;
    this.#inbound = inbound;
    this.#emits = image.emits;
    this.#stateCodec = codecOf(image.state, `${image.name} state`);
    this.#flow = new Flow(device, settings.flow, () => host.clock.monotonicMs());
    this.outbound = new Outbound({
      ...settings,
      types,
      device: this.#flow.door,
      flow: this.#flow,
      correlations,
      room: host.room,
      calls: host.calls,
      clock: host.clock,
      closedError: (operation, instance) => this.#closedError(operation, instance),
      refuse: () => this.#refuse(),
    });
    inbound.onFault = (fault) => this.#onFault(fault);
  }

  /** Launches an image on a device. The kernel takes messages and does not handle them yet. */
  static async launch(
    host: KernelHost,
    device: Device,
    definition: AnyDefinition,
    image: KernelImage,
    settings: KernelSettings,
  ): Promise<Kernel> {
    checkSettings(device, image, settings);
    const inbound = createInbound(host, image, settings);
    const told = { ...settings, tenant: settings.tenantNumber };
    const launched = await device.launch(image, told, inbound);
    return new Kernel(host, definition, settings, inbound, launched);
  }

  get state(): KernelState {
    return this.#state;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  async activate(operation: 'activate' | 'reactivate'): Promise<void> {
    const next = this.#assert(operation);
    const before = this.#state;
    await this.room.keepAlive.during(this.#device.activate());
    if (this.#state === before) this.#state = next;
  }

  async deactivate(): Promise<void> {
    const next = this.#assert('deactivate');
    const before = this.#state;
    await this.room.keepAlive.during(this.#device.deactivate());
    if (this.#state === before) this.#state = next;
  }

  /** Said several times, the first one's time-out counts. */
  async terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const next = assertTransition(this.id, 'terminate', this.#state);
    this.#state = next;
    this.#terminating ??= this.#terminate(timeoutMs);
    return await this.#terminating;
  }

  /** Resolves when the kernel has terminated; rejects when its device is lost before that. */
  ended(): Promise<void> {
    if (this.#state === 'terminated') return Promise.resolve();
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const waiting = new EndWaiting(this.room, this.id, (left) => this.#endWaits.delete(left));
    this.#endWaits.add(waiting);
    waiting.start({ timeoutMs: Number.POSITIVE_INFINITY, signal: undefined });
    return waiting.promise;
  }

  receive(filter: Filter, limits: ReceptionLimits): Reception<AnyReceived> {
    this.#checkEmit(filter.type);
    return new Reception(this, filter, limits);
  }

  tryReceive(filter: Filter): AnyReceived | undefined {
    this.#checkEmit(filter.type);
    return this.output.take(filter);
  }

  /** The event of this name. Throws `InvalidOptionError`. */
  emitOf(name: string): MessageDescriptor {
    const found = this.#emits.find((emit) => emit.name === name);
    if (found !== undefined) return found;
    const names = this.#emits.map((emit) => emit.name);
    const nearest = nearestName(name, names);
    const hint = nearest === undefined ? "see the actor's `emits`" : `is it '${nearest}'?`;
    throw new InvalidOptionError('type', `one of ${listNames(names)}`, name, { hint });
  }

  /** The last faults, the oldest first. */
  faults(): readonly KernelFault[] {
    return [...this.#faults];
  }

  counters(): KernelCounters {
    const counters = this.#last ?? this.#device.counters();
    const deadLettered = { ...counters.deadLettered };
    for (const [reason, count] of Object.entries(this.#inbound.undelivered)) {
      deadLettered[reason as DeadLetterReason] += count;
    }
    return { ...counters, deadLettered };
  }

  /** Only where the flow counts: what actors have sent to it, and what it sent to nobody or another tenant. */
  get actorMessages(): number {
    const { sent, rejected } = this.counters();
    return sent - rejected - this.#flow.taken;
  }

  metrics(): KernelMetrics {
    const { id, instances: maxInstances, queueCapacity, outputQueueCapacity } = this.settings;
    return {
      ...this.counters(),
      id,
      state: this.#state,
      instances: this.instances.living,
      maxInstances,
      queueCapacity,
      outputQueueCapacity,
      outputQueueDepth: this.output.size,
      waitingSenders: this.outbound.waiting,
      flow: this.#flow.metrics(),
      uptimeMs: this.#uptimeMs(),
      ...(this.#device.code !== undefined && { code: this.#device.code }),
    };
  }

  status(): KernelStatus {
    const { pending, handled } = this.counters();
    return {
      id: this.id,
      state: this.#state,
      instances: this.instances.living,
      failedInstances: this.instances.failed.size,
      pending,
      handled,
      outputQueueDepth: this.output.size,
      uptimeMs: this.#uptimeMs(),
    };
  }

  /** The bytes of the state of one instance, taken between two handlers. */
  async readBytes(instance: number): Promise<Uint8Array> {
    if (this.#lost !== undefined) throw this.#lost;
    this.instances.check(instance, 'readState');
    return await this.room.keepAlive.during(this.#device.readState(instance));
  }

  /** A copy of the state of one instance, decoded. */
  async readState(instance: number): Promise<unknown> {
    const bytes = await this.readBytes(instance);
    return this.#stateCodec.decode(
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      0,
    );
  }

  /** Gives an instance a new state and lets it go on; undefined: zeros. */
  async restart(instance: number, state?: unknown): Promise<void> {
    await this.restartFrom(instance, this.#encoded(state));
  }

  /** The same from the bytes of a state. */
  async restartFrom(instance: number, bytes: Uint8Array | null): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const failed = this.instances.hasFailed(instance);
    this.instances.recover(instance); // first: it may fail again before this goes on
    try {
      await this.room.keepAlive.during(this.#device.restart(instance, bytes));
    } catch (error) {
      if (failed) this.instances.fail(instance);
      throw error;
    }
    this.#followDevice();
    this.#tell({ kind: 'restarted', instance });
  }

  /** Begins an instance with this state, undefined: zeros; its index. */
  async spawn(state?: unknown): Promise<number> {
    const bytes = this.#encoded(state);
    this.#assertAccepts('spawn');
    const index = this.instances.claim();
    await this.#begin(index, bytes);
    return index;
  }

  /** The same from the bytes of a state, at an index that nobody had. */
  async spawnAt(index: number, bytes: Uint8Array | null): Promise<void> {
    this.#assertAccepts('spawn');
    this.instances.claimFresh(index);
    await this.#begin(index, bytes);
  }

  async #begin(index: number, bytes: Uint8Array | null): Promise<void> {
    try {
      await this.room.keepAlive.during(this.#device.spawn(index, bytes));
    } catch (error) {
      this.instances.vacate(index);
      throw error;
    }
    this.instances.begin(index);
    this.#followDevice();
  }

  /** Ends an instance. Who waits for a reply of it is told. */
  async retire(index: number): Promise<void> {
    this.#assertAccepts('retire');
    this.instances.check(index, 'retire');
    this.instances.end(index);
    await this.room.keepAlive.during(this.#device.retire(index));
    const error = new InstanceNotFoundError(this.id, index, 'reply');
    this.#host.calls.failInstance(error, this.id, index);
    this.correlations.failInstance(error, index);
    this.instances.vacate(index);
    this.#followDevice();
  }

  /** The event after which none comes. */
  get last(): KernelEvent | undefined {
    if (this.#lost !== undefined) return { kind: 'lost', error: this.#lost };
    return this.#state === 'terminated' ? { kind: 'terminated' } : undefined;
  }

  /** A kernel that had failed may have sound instances again. */
  #followDevice(): void {
    if (this.#state !== 'failed' || this.#device.state === 'failed') return;
    this.#state = this.#device.state;
    this.#ending = undefined;
  }

  #assertAccepts(operation: string): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#terminating !== undefined) throw new KernelTerminatedError(this.id, operation);
  }

  #encoded(state: unknown): Uint8Array | null {
    if (state === undefined) return null;
    const bytes = new Uint8Array(this.#stateCodec.size);
    this.#stateCodec.encode(new DataView(bytes.buffer), 0, state);
    return bytes;
  }

  /** The device is gone. */
  lose(error: RingKernelError): void {
    if (this.#state === 'terminated') return;
    this.#state = 'failed';
    this.#lost = error;
    this.#end({ graceful: false, error: () => error });
    for (const waiting of this.#endWaits) waiting.fail(error);
    this.#tell({ kind: 'lost', error });
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    try {
      const result = await this.room.keepAlive.during(this.#device.terminate(timeoutMs));
      this.#last = this.#device.counters();
      this.#state = 'terminated';
      this.#endedMs = performance.now();
      const error = (operation: string) => new KernelTerminatedError(this.id, operation);
      this.#end({ graceful: true, error });
      this.#host.onEnd(this);
      for (const waiting of this.#endWaits) waiting.succeed();
      this.#tell({ kind: 'terminated' });
      return result;
    } catch (error) {
      this.#state = 'failed';
      this.#terminating = undefined;
      throw error;
    }
  }

  /** Nothing more comes from this kernel: whoever waits for it is told. The first ending is the one that counts. */
  #end(ending: Ending): void {
    this.#ending ??= ending;
    const { error } = ending;
    this.#host.calls.failAll(({ type }) => error(`call ${type.name}`), this.id);
    for (const receiver of this.receivers) receiver.end(ending);
    this.correlations.failAll(error('reply'));
  }

  #tell(event: KernelEvent): void {
    for (const observe of [...this.observers]) observe(event);
  }

  #onFault(fault: KernelFault): void {
    this.#faults.push(fault);
    if (this.#faults.length > faultCapacity) this.#faults.shift();
    this.instances.fail(fault.instance);
    this.#host.onFault(fault);
    this.#tell({ kind: 'failed', instance: fault.instance, error: fault.error });
    if (this.#device.state !== 'failed' || this.#state === 'terminating') return;
    this.#state = 'failed';
    const error = (operation: string) => new KernelFailedError(this.id, operation, fault.error);
    const ending = { graceful: false, error };
    this.#ending ??= ending;
    for (const receiver of this.receivers) receiver.end(ending);
  }

  /** The device counts no more once the kernel has ended. */
  #refuse(): void {
    if (this.#last === undefined) return this.#device.refuse(1);
    this.#last = {
      ...this.#last,
      sent: this.#last.sent + 1,
      rejected: this.#last.rejected + 1,
    };
    this.#host.onLateRefusal();
  }

  #closedError(operation: string, instance: number): Error {
    if (this.#lost !== undefined) return this.#lost;
    if (this.#state === 'failed') {
      return new KernelFailedError(this.id, operation, this.#faults.at(-1)?.error);
    }
    const runs = this.#terminating === undefined;
    if (runs && !this.instances.lives(instance)) {
      return new InstanceNotFoundError(this.id, instance, operation);
    }
    return new KernelTerminatedError(this.id, operation);
  }

  #assert(operation: 'activate' | 'reactivate' | 'deactivate'): KernelState {
    if (this.#lost !== undefined) throw this.#lost;
    return assertTransition(this.id, operation, this.#state);
  }

  #uptimeMs(): number {
    return (this.#endedMs ?? performance.now()) - this.#launchedMs;
  }

  #checkEmit(type: string | undefined): void {
    if (type !== undefined) this.emitOf(type);
  }
}
