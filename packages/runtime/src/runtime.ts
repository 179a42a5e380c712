import {
  type AnyDefinition,
  type Device,
  type DeviceInfo,
  InvalidOptionError,
  type LanePort,
  NotSupportedError,
  type RingKernelError,
  type Schedule,
} from '@ringkernel/core';
import { maxAddress } from './addresses.ts';
import { Calls } from './calls.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type DeadLetter, DeadLetters, type UndeliveredMessage } from './dead-letters.ts';
import { Deadlines } from './deadlines.ts';
import { RuntimeClosedError } from './errors.ts';
import { afterTurn } from './event-loop.ts';
import { type FaultListener, FaultListeners } from './fault-listeners.ts';
import type { EventStream } from './feed.ts';
import { type AnyKernelHandle, type HandleOf, type KernelHandle, kernelOf } from './handle.ts';
import type { Images } from './images.ts';
import { Broker } from './k2k/broker.ts';
import type { K2KOptions } from './k2k/options.ts';
import { KeepAlive } from './keep-alive.ts';

import type { Kernel, KernelHost } from './kernel.ts';
import type { KernelEvent } from './kernel-event.ts';
import type { KernelMetrics } from './kernel-figures.ts';
import { Launcher } from './launcher.ts';
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
  readonly #launcher: Launcher;
  readonly #listeners: FaultListeners = new FaultListeners();
  readonly #supervisors: Set<Supervisor> = new Set();
  readonly #links: Links = new Links();
  readonly #ended: Totals = new Totals();
  readonly #createdMs: number = performance.now();
  #rounds = 0;
  #lost: RingKernelError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ device, selection, epochMs, nodeId, k2k, images, ...limits }: RuntimeParts) {
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
      owns: (kernel) => this.#launcher.kernels.get(kernel.id) === kernel,
      onDeadLetter: (letter) => this.deadLetters.add(letter),
    });
    const clock: DeadlineClock =
      device.schedule === 'lockstep'
        ? { epochMs: 0, nowMs: () => this.#rounds, monotonicMs: () => this.#rounds }
        : { epochMs, nowMs: () => Date.now(), monotonicMs: () => performance.now() };
    const host: KernelHost = {
      clock,
      room: this.#room,
      calls: new Calls(this.#room),
      onDeadLetter: (letter) => this.#bury(letter),
      onFault: (fault) => this.#listeners.tell(fault),
      onEnd: (kernel) => this.#onEnd(kernel),
      onLateRefusal: () => this.#ended.refuse(),
    };
    const { registry, tenants } = this;
    const check = (operation: string): void => this.#check(operation);
    this.#launcher = new Launcher({ device, host, images, registry, tenants, check });
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
    return [...this.#launcher.kernels.keys()];
  }

  /** Ids of the kernels that are handling messages. */
  get activeKernels(): readonly string[] {
    return [...this.#launcher.kernels.values()]
      .filter(({ state }) => state === 'active')
      .map((k) => k.id);
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
    return this.#launcher.handleOf(await this.#launcher.launch(definition, options)) as HandleOf<D>;
  }

  /**
   * Takes the kernels that have not ended, with the states of all instances, each between two handlers, at its own
   * moment. It is in memory, and survives the loss of the device. Messages under way are not in it.
   */
  async checkpoint(): Promise<Checkpoint> {
    this.#check('checkpoint');
    return await this.#launcher.checkpoint();
  }

  /**
   * Launches the kernels of a checkpoint, under their ids and addresses and with their states, and activates those that
   * were active once all are there. Only before anything else is launched: otherwise `InvalidOptionError`. Rejects like
   * `launch`; then what was launched of it has been ended.
   */
  async restore(checkpoint: Checkpoint): Promise<void> {
    this.#check('restore');
    await this.#launcher.restore(checkpoint);
  }

  /**
   * The kernel with this id; with the definition it was launched from, its handle is typed. Throws
   * `KernelNotFoundError` with the ids there are, and `InvalidOptionError` when it is of another definition.
   */
  get(id: string): AnyKernelHandle;
  get<D extends AnyDefinition>(id: string, definition: D): HandleOf<D>;
  get(id: string, definition?: AnyDefinition): KernelHandle {
    const kernel = this.#launcher.find(id);
    if (definition !== undefined && definition !== kernel.definition) {
      const wanted = `${kernel.definition.name}, which '${id}' was launched from`;
      throw new InvalidOptionError('definition', wanted, definition.name);
    }
    return this.#launcher.handleOf(kernel);
  }

  async activate(id: string): Promise<void> {
    await this.#launcher.find(id).activate('activate');
  }

  async deactivate(id: string): Promise<void> {
    await this.#launcher.find(id).deactivate();
  }

  async reactivate(id: string): Promise<void> {
    await this.#launcher.find(id).activate('reactivate');
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
    await Promise.all([...this.#launcher.kernels.values()].map(end));
    return { undrained };
  }

  telemetry(id: string): KernelMetrics {
    return this.#launcher.find(id).metrics();
  }

  summary(): RuntimeSummary {
    const living = [...this.#launcher.kernels.values()].map((kernel) => ({
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
        instances: kernel.instances.living,
        ...countsOf(counters),
        latency: counters.latency,
      })),
      counts: totals.counts(),
      deadLetteredByReason: totals.deadLetteredByReason(),
      latency: totals.latency(),
      launched: this.#launcher.launched,
      uptimeMs: performance.now() - this.#createdMs,
    };
  }

  /** Calls the listener for each fault from now on, until the returned function is called. */
  onFault(listener: FaultListener): () => void {
    return this.#listeners.add(listener);
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
   * A way of one other thread of this process to the device, for `postMessage` or `workerData`: that thread sends and
   * calls by itself, past this one. `connectHostLane` of the backend's package makes it work there. Throws
   * `NotSupportedError` where the backend has none and in lockstep, and `DeviceLimitError` when all are taken.
   */
  openHostLane(): LanePort {
    this.#check('openHostLane');
    if (this.#device.openHostLane !== undefined) return this.#device.openHostLane();
    throw new NotSupportedError('openHostLane', `the backend '${this.backend}' has no lanes`, {
      hint: "create the runtime with backend: 'cuda' and backendOptions: { hostLanes: 2 } or more",
    });
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

  #check(operation: string): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closing !== undefined) throw new RuntimeClosedError(operation);
  }

  #resend(letter: DeadLetter, options: ReplayOptions): Promise<unknown> {
    const { kernelId, instance = 0, source } = letter;
    const { index } = this.get(kernelId).at(instance);
    const sender = kernelAt(this.#launcher.kernels.values(), source);
    return resend({ ...letter, instance: index }, options, this.#launcher.find(kernelId), sender);
  }

  #bury(letter: UndeliveredMessage): void {
    if (letter.reason === 'tenant-mismatch')
      this.tenants.refusedOnDevice(letter, this.#launcher.kernels);
    this.deadLetters.add(letter);
  }

  #onEnd(kernel: Kernel): void {
    if (!this.#launcher.end(kernel)) return;
    this.tenants.release(kernel);
    this.registry.release(kernel);
    this.k2k.release(kernel);
    this.topics.release(kernel);
    this.#ended.add(kernel.counters());
  }

  #lose(error: RingKernelError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const kernel of this.#launcher.kernels.values()) {
      kernel.lose(error);
      this.topics.release(kernel, error);
    }
  }
}
