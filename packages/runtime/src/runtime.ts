import {
  type AnyDefinition,
  type Device,
  type DeviceInfo,
  InvalidOptionError,
  KernelAlreadyExistsError,
  KernelNotFoundError,
  NotSupportedError,
  type RingKernelError,
  type Schedule,
} from '@ringkernel/core';
import { Calls } from './calls.ts';
import { requireCapabilities } from './capabilities.ts';
import { type Checkpoint, checkCheckpoint, takeCheckpoint } from './checkpoint.ts';
import { type DeadLetter, DeadLetters, type UndeliveredMessage } from './dead-letters.ts';
import { Deadlines } from './deadlines.ts';
import { NameTakenError, RuntimeClosedError } from './errors.ts';
import { afterTurn } from './event-loop.ts';
import type { KernelFault } from './faults.ts';
import type { EventStream } from './feed.ts';
import { type AnyKernelHandle, type HandleOf, KernelHandle, kernelOf } from './handle.ts';
import type { Images } from './images.ts';
import { Broker } from './k2k/broker.ts';
import type { K2KOptions } from './k2k/options.ts';
import { KeepAlive } from './keep-alive.ts';

import { Kernel, type KernelEvent, type KernelHost, type KernelMetrics } from './kernel.ts';
import { launchSettings } from './launch-settings.ts';
import {
  checkInteger,
  checkNames,
  checkSignal,
  checkTimeout,
  type LaunchOptions,
  type ReplayOptions,
  type TerminateOptions,
  terminateOptionNames,
} from './options.ts';

import type { DeadlineClock } from './outbound.ts';
import { Registry } from './registry/registry.ts';
import { kernelAt, resend } from './resend.ts';
import type { SelectedDevice, Selection } from './select.ts';
import { countsOf, type RuntimeSummary, Totals } from './summary.ts';
import type { Launch } from './supervision/kernel-child.ts';
import { Links } from './supervision/links.ts';
import { monitor } from './supervision/monitor.ts';
import { type SupervisorOptions, supervisorSettings } from './supervision/options.ts';
import { Supervisor } from './supervision/supervisor.ts';
import { Tenants } from './tenants/tenants.ts';
import { Topics } from './topics/topics.ts';
import type { WaitingRoom } from './waiting.ts';

/** How long `terminateAll` and `close` drain by default, milliseconds. */
const terminateAllTimeoutMs = 10_000;
const maxAddress = 2 ** 32 - 1;
/** Addresses are handed out in pages, so that the kernel of an address is found by a table. */
const pageAddresses = 64;

export type FaultListener = (fault: KernelFault) => void;

/** What a runtime is made of. */
export interface RuntimeParts extends SelectedDevice {
  readonly epochMs: number;
  readonly nodeId: number;
  readonly k2k: Required<K2KOptions>;
  readonly deadLetterCapacity: number;
  readonly deadLetterBytes: number;
  readonly deadLetterAgeMs: number;
  readonly maxRetained: number;
  readonly images: Images;
}

/** Kernels on one device. Made by `createRuntime`. */
export class Runtime implements AsyncDisposable {
  /** Why this backend, and why not the others. */
  readonly selection: readonly Selection[];
  readonly deadLetters: DeadLetters;
  /** Who can be found by name. */
  readonly registry: Registry;
  /** Carries messages between kernels through the host, also of several runtimes. */
  readonly k2k: Broker;
  /** To whom kernels may belong. */
  readonly tenants: Tenants = new Tenants();
  /** Publish and subscribe. */
  readonly topics: Topics;
  readonly #device: Device;
  readonly #room: WaitingRoom;
  readonly #host: KernelHost;
  readonly #images: Images;
  readonly #kernels: Map<string, Kernel> = new Map();
  /** Ids of launches under way. */
  readonly #launching: Set<string> = new Set();
  readonly #listeners: Set<FaultListener> = new Set();
  readonly #handles: WeakMap<Kernel, KernelHandle> = new WeakMap();
  /** What kernels were launched with, to launch them again. */
  readonly #options: WeakMap<Kernel, LaunchOptions> = new WeakMap();
  readonly #supervisors: Set<Supervisor> = new Set();
  readonly #links: Links = new Links();
  readonly #ended: Totals = new Totals();
  readonly #createdMs: number = performance.now();
  #nextAddress = pageAddresses;
  #launched = 0;
  #rounds = 0;
  #lost: RingKernelError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ device, selection, epochMs, nodeId, k2k, images, ...limits }: RuntimeParts) {
    this.#images = images;
    this.#device = device;
    this.selection = selection;
    this.#room = { deadlines: new Deadlines(), keepAlive: new KeepAlive(device) };
    this.deadLetters = new DeadLetters({
      capacity: limits.deadLetterCapacity,
      maxBytes: limits.deadLetterBytes,
      maxAgeMs: limits.deadLetterAgeMs,
      room: this.#room,
      resend: async (letter, options) => await this.#resend(letter, options),
    });
    this.registry = new Registry(this.#room);
    this.topics = new Topics({
      room: this.#room,
      maxRetained: limits.maxRetained,
      tenants: this.tenants,
      registry: this.registry,
      onDeadLetter: (letter) => this.deadLetters.add(letter),
    });
    this.k2k = new Broker({
      node: nodeId,
      schedule: device.schedule,
      registry: this.registry,
      tenants: this.tenants,
      options: k2k,
      owns: (kernel) => this.#kernels.get(kernel.id) === kernel,
      onDeadLetter: (letter) => this.deadLetters.add(letter),
    });
    const clock: DeadlineClock =
      device.schedule === 'lockstep'
        ? { epochMs: 0, nowMs: () => this.#rounds, monotonicMs: () => this.#rounds }
        : { epochMs, nowMs: () => Date.now(), monotonicMs: () => performance.now() };
    this.#host = {
      clock,
      room: this.#room,
      calls: new Calls(this.#room),
      onDeadLetter: (letter) => this.#bury(letter),
      onFault: (fault) => this.#onFault(fault),
      onEnd: (kernel) => this.#onEnd(kernel),
      onLateRefusal: () => this.#ended.refuse(),
    };
    void device.lost.then((error) => this.#lose(error));
  }

  /** Name of the backend that runs the kernels. */
  get backend(): string {
    return this.#device.info.backend;
  }

  get device(): DeviceInfo {
    return this.#device.info;
  }

  get schedule(): Schedule {
    return this.#device.schedule;
  }

  /** Ids of the kernels that have not ended. */
  get kernelIds(): readonly string[] {
    return [...this.#kernels.keys()];
  }

  /** Ids of the kernels that are handling messages. */
  get activeKernels(): readonly string[] {
    return [...this.#kernels.values()].filter(({ state }) => state === 'active').map((k) => k.id);
  }

  /**
   * Compiles an actor and launches it. Rejects with `CompileError`, `MissingCapabilityError`,
   * `KernelAlreadyExistsError`, `NameTakenError`, `TenantNotFoundError`, `QuotaExceededError`, `InvalidOptionError`,
   * or what the backend has against it.
   */
  async launch<D extends AnyDefinition>(
    definition: D,
    options: LaunchOptions = {},
  ): Promise<HandleOf<D>> {
    return this.#handle(await this.#launch(definition, options)) as HandleOf<D>;
  }

  /** At an address, or at the next that is free. */
  async #launch(
    definition: AnyDefinition,
    options: LaunchOptions,
    address?: number,
  ): Promise<Kernel> {
    this.#check('launch');
    const image = await this.#images.of(definition);
    this.#check('launch');
    requireCapabilities(image, this.#device.info);
    const { autoActivate, ...told } = launchSettings(definition.name, options);
    const { id, tenant, engagement } = told;
    const known = this.#kernels.get(id);
    if (known !== undefined) throw new KernelAlreadyExistsError(id, known.state);
    if (this.registry.entry(id) !== undefined) throw new NameTakenError(id);
    if (this.#launching.has(id)) throw new KernelAlreadyExistsError(id, 'created');
    const reserved = this.tenants.reserve(tenant, engagement);
    const limits = [...reserved.limits, ...told.flow.limits];
    this.#launching.add(id);
    try {
      const flow = { ...told.flow, limits, counted: reserved.counted };
      const baseAddress = address ?? this.#addresses(told.instances);
      const settings = { ...told, flow, baseAddress, tenantNumber: reserved.number };
      const { keepAlive } = this.#room;
      const launch = Kernel.launch(this.#host, this.#device, definition, image, settings);
      const kernel = await keepAlive.during(launch);
      this.#check('launch');
      await this.#admit(kernel);
      this.#kernels.set(id, kernel);
      this.#options.set(kernel, options);
      this.#launched++;
      if (autoActivate) await kernel.activate('activate');
      return kernel;
    } finally {
      this.#launching.delete(id);
      this.tenants.unreserve(tenant);
    }
  }

  /**
   * Takes the kernels that have not ended, with the states of all instances, each between two handlers, at its own
   * moment. It is in memory, and survives the loss of the device. Messages under way are not in it.
   */
  async checkpoint(): Promise<Checkpoint> {
    this.#check('checkpoint');
    const launched = [...this.#kernels.values()].map((kernel) => ({
      kernel,
      options: this.#options.get(kernel) ?? {},
    }));
    const { keepAlive } = this.#room;
    return await keepAlive.during(takeCheckpoint(launched, this.#nextAddress));
  }

  /**
   * Launches the kernels of a checkpoint, under their ids and addresses and with their states, and activates those that
   * were active once all are there. Only before anything else is launched: otherwise `InvalidOptionError`. Rejects like
   * `launch`; then what was launched of it has been ended.
   */
  async restore(checkpoint: Checkpoint): Promise<void> {
    this.#check('restore');
    const { kernels, nextAddress } = checkCheckpoint(checkpoint);
    if (this.#launched > 0 || this.#launching.size > 0) {
      const wanted = 'a runtime that has launched nothing';
      throw new InvalidOptionError('checkpoint', wanted, this.kernelIds.join(', '));
    }
    this.#nextAddress = nextAddress;
    const restored: Kernel[] = [];
    try {
      for (const { definition, options, baseAddress, states } of kernels) {
        const told = { ...options, autoActivate: false };
        const kernel = await this.#launch(definition, told, baseAddress);
        restored.push(kernel);
        await Promise.all(states.map((bytes, i) => kernel.restartFrom(i, bytes)));
      }
      for (const [i, kernel] of restored.entries()) {
        if (kernels[i]?.active === true) await kernel.activate('activate');
      }
    } catch (error) {
      await Promise.allSettled(restored.map((kernel) => kernel.terminate(0)));
      throw error;
    }
  }

  /**
   * The kernel with this id; with the definition it was launched from, its handle is typed. Throws
   * `KernelNotFoundError` with the ids there are, and `InvalidOptionError` when it is of another definition.
   */
  get(id: string): AnyKernelHandle;
  get<D extends AnyDefinition>(id: string, definition: D): HandleOf<D>;
  get(id: string, definition?: AnyDefinition): KernelHandle {
    const kernel = this.#find(id);
    if (definition !== undefined && definition !== kernel.definition) {
      const wanted = `${kernel.definition.name}, which '${id}' was launched from`;
      throw new InvalidOptionError('definition', wanted, definition.name);
    }
    return this.#handle(kernel);
  }

  async activate(id: string): Promise<void> {
    await this.#find(id).activate('activate');
  }

  async deactivate(id: string): Promise<void> {
    await this.#find(id).deactivate();
  }

  async reactivate(id: string): Promise<void> {
    await this.#find(id).activate('reactivate');
  }

  async terminate(id: string, options?: TerminateOptions): Promise<{ readonly drained: boolean }> {
    return await this.get(id).terminate(options);
  }

  /** Terminates all kernels at once; which of them could not handle all that waited. */
  async terminateAll(options: TerminateOptions = {}): Promise<{ readonly undrained: string[] }> {
    checkNames(options, terminateOptionNames, 'options');
    const timeoutMs = checkTimeout(options.timeoutMs ?? terminateAllTimeoutMs);
    const undrained: string[] = [];
    const end = async (kernel: Kernel): Promise<void> => {
      const { drained } = await kernel.terminate(timeoutMs);
      if (!drained) undrained.push(kernel.id);
    };
    await Promise.all([...this.#kernels.values()].map(end));
    return { undrained };
  }

  telemetry(id: string): KernelMetrics {
    return this.#find(id).metrics();
  }

  summary(): RuntimeSummary {
    const living = [...this.#kernels.values()].map((kernel) => ({
      kernel,
      counters: kernel.counters(),
    }));
    const totals = this.#ended.with(living.map(({ counters }) => counters));
    return {
      backend: this.backend,
      device: this.device.id,
      kernels: living.map(({ kernel, counters }) => ({
        id: kernel.id,
        state: kernel.state,
        instances: kernel.settings.instances,
        ...countsOf(counters),
        latency: counters.latency,
      })),
      counts: totals.counts(),
      deadLetteredByReason: totals.deadLetteredByReason(),
      latency: totals.latency(),
      launched: this.#launched,
      uptimeMs: performance.now() - this.#createdMs,
    };
  }

  /** Calls the listener for each fault from now on, until the returned function is called. */
  onFault(listener: FaultListener): () => void {
    if (typeof listener !== 'function') {
      throw new InvalidOptionError('listener', 'a function', listener);
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins a tree of supervisors. It ends with the runtime. */
  supervise(options: SupervisorOptions = {}): Supervisor {
    this.#check('supervise');
    const launch: Launch = (definition, launchOptions) => this.launch(definition, launchOptions);
    const supervisor = new Supervisor({ room: this.#room, launch }, supervisorSettings(options));
    this.#supervisors.add(supervisor);
    return supervisor;
  }

  /** What happens to a kernel from now on; the stream ends with the kernel. */
  monitor(
    handle: AnyKernelHandle,
    options: { readonly signal?: AbortSignal } = {},
  ): EventStream<KernelEvent> {
    checkNames(options, ['signal'], 'options');
    const { signal } = options;
    return monitor(kernelOf(handle), signal === undefined ? undefined : checkSignal(signal));
  }

  /**
   * Two kernels that fail together: when an instance of one fails, the other fails as a whole. Its supervisor restarts
   * it; without one it is terminated. Until the returned function is called, or one of them ends.
   */
  link(one: AnyKernelHandle, other: AnyKernelHandle): () => void {
    return this.#links.link(kernelOf(one), kernelOf(other));
  }

  /**
   * Resolves when every message was handled, waits for a stopped or failed kernel, or has reached the host; at the
   * soonest in the next turn of the event loop.
   */
  async settled(): Promise<void> {
    this.#check('settle');
    await this.#room.keepAlive.during(this.#device.settled());
    // Else a program that settles in a loop, until failed instances are restarted, would keep events from restarting them.
    await new Promise<void>(afterTurn);
  }

  /** Lockstep only: runs so many rounds. What was sent before is seen in the first of them. */
  async step(rounds = 1): Promise<void> {
    this.#check('step');
    if (this.schedule !== 'lockstep') {
      throw new NotSupportedError('step', 'this runtime is not in lockstep', {
        hint: "create it with schedule: 'lockstep'",
      });
    }
    checkInteger('rounds', rounds, 1, maxAddress);
    await this.#room.keepAlive.during(this.#device.step(rounds));
    this.#rounds += rounds;
  }

  /** Terminates all kernels and gives the device back. Said again, it waits for the first. */
  close(options: TerminateOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: TerminateOptions): Promise<void> {
    try {
      for (const supervisor of this.#supervisors) await supervisor.stop(options);
      await this.terminateAll(options);
    } finally {
      await this.#device.close();
      this.k2k.close();
      this.topics.close();
      this.registry.close();
      this.deadLetters.close();
      this.#room.deadlines.close();
    }
  }

  /** The first of so many addresses; none is ever given twice. */
  #addresses(count: number): number {
    const first = this.#nextAddress;
    const next = first + Math.ceil(count / pageAddresses) * pageAddresses;
    if (next > maxAddress) {
      throw new InvalidOptionError('instances', `at most ${maxAddress - first}`, count, {
        hint: 'the addresses of this runtime are used up: create another one',
      });
    }
    this.#nextAddress = next;
    return first;
  }

  #handle(kernel: Kernel): KernelHandle {
    let handle = this.#handles.get(kernel);
    if (handle === undefined) {
      handle = new KernelHandle(kernel);
      this.#handles.set(kernel, handle);
    }
    return handle;
  }

  /** Its tenant may have too little left for it, or somebody may have taken its name meanwhile: then it ends. */
  async #admit(kernel: Kernel): Promise<void> {
    try {
      this.tenants.take(kernel);
      this.registry.register(kernel.id, this.#handle(kernel), { tags: kernel.settings.tags });
    } catch (error) {
      this.tenants.release(kernel);
      await kernel.terminate(0);
      throw error;
    }
  }

  #find(id: string): Kernel {
    const kernel = this.#kernels.get(id);
    if (kernel !== undefined) return kernel;
    throw new KernelNotFoundError(id, this.kernelIds);
  }

  #check(operation: string): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closing !== undefined) throw new RuntimeClosedError(operation);
  }

  #resend(letter: DeadLetter, options: ReplayOptions): Promise<unknown> {
    const { kernelId, instance = 0, source } = letter;
    const { index } = this.get(kernelId).at(instance);
    const sender = kernelAt(this.#kernels.values(), source);
    return resend({ ...letter, instance: index }, options, this.#find(kernelId), sender);
  }

  #bury(letter: UndeliveredMessage): void {
    if (letter.reason === 'tenant-mismatch') this.tenants.refusedOnDevice(letter, this.#kernels);
    this.deadLetters.add(letter);
  }

  #onFault(fault: KernelFault): void {
    for (const listener of this.#listeners) {
      try {
        listener(fault);
      } catch (error) {
        // The device's pump must go on; the listener's mistake is the program's like any other.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #onEnd(kernel: Kernel): void {
    if (this.#kernels.get(kernel.id) !== kernel) return;
    this.#kernels.delete(kernel.id);
    this.tenants.release(kernel);
    this.registry.release(kernel);
    this.k2k.release(kernel);
    this.topics.release(kernel);
    this.#ended.add(kernel.counters());
  }

  #lose(error: RingKernelError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const kernel of this.#kernels.values()) {
      kernel.lose(error);
      this.topics.release(kernel, error);
    }
  }
}
