import {
  type AnyDefinition,
  codecOf,
  type Device,
  type DeviceKernel,
  InvalidOptionError,
  type KernelCounters,
  type KernelImage,
  type KernelState,
  listNames,
  type MessageDescriptor,
  nearestName,
  type RingKernelError,
} from '@ringkernel/core';
import type { Callee } from './calls.ts';
import { checkSettings } from './capabilities.ts';
import type { Correlations } from './correlations.ts';
import { createInbound, type InboundHost } from './create-inbound.ts';
import type { KernelFault } from './faults.ts';
import { Flow } from './flow/flow.ts';
import type { Inbound } from './inbound.ts';
import { Instances } from './instances.ts';
import { KernelCounts } from './kernel-counts.ts';
import type { KernelEvent } from './kernel-event.ts';
import type { KernelMetrics, KernelStatus } from './kernel-figures.ts';
import { KernelLifecycle } from './kernel-lifecycle.ts';
import type { KernelSettings } from './kernel-settings.ts';
import { type DeadlineClock, Outbound } from './outbound.ts';
import type { Filter, OutputQueue } from './output-queue.ts';
import { Population } from './population.ts';
import type { AnyReceived } from './received.ts';
import {
  type Ending,
  type ReceiveWaiting,
  Reception,
  type ReceptionContext,
  type ReceptionLimits,
} from './reception.ts';
import type { WaitingRoom } from './waiting.ts';

/** What a kernel needs of its runtime. */
export interface KernelHost extends InboundHost {
  readonly clock: DeadlineClock;
  onFault(fault: KernelFault): void;
  /** The kernel ended, its id is free. */
  onEnd(kernel: Kernel): void;
  /** Somebody sent to a kernel that had ended. */
  onLateRefusal(): void;
}

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
  readonly population: Population;
  readonly receivers: Set<ReceiveWaiting> = new Set();
  /** Who hears of each event. They must not throw. */
  readonly observers: Set<(event: KernelEvent) => void>;
  /** Its supervisor's: treats it as if it had failed. */
  failFrom: ((error: RingKernelError) => void) | undefined;
  readonly #device: DeviceKernel;
  readonly #flow: Flow;
  readonly #emits: readonly MessageDescriptor[];
  readonly #counts: KernelCounts;
  readonly #lifecycle: KernelLifecycle;

  private constructor(
    host: KernelHost,
    definition: AnyDefinition,
    settings: KernelSettings,
    inbound: Inbound,
    device: DeviceKernel,
  ) {
    const { image, types, output, correlations } = inbound.context;
    const { room, calls, clock } = host;
    const { id } = settings;
    this.id = id;
    this.definition = definition;
    this.settings = settings;
    this.room = room;
    this.output = output;
    this.correlations = correlations;
    this.#device = device;
    this.#emits = image.emits;
    this.#flow = new Flow(device, settings.flow, () => clock.monotonicMs());
    const counts = new KernelCounts(device, inbound, this.#flow, () => host.onLateRefusal());
    const instances = new Instances(settings);
    const shared = { id, room, calls, device, instances, correlations };
    const lifecycle = new KernelLifecycle({
      ...shared,
      counts,
      receivers: this.receivers,
      onFault: (fault) => host.onFault(fault),
      onEnd: () => host.onEnd(this),
    });
    const stateCodec = codecOf(image.state, `${image.name} state`);
    this.population = new Population({ ...shared, lifecycle, stateCodec });
    this.instances = instances;
    this.observers = lifecycle.observers;
    this.#counts = counts;
    this.#lifecycle = lifecycle;
    this.outbound = new Outbound({
      ...settings,
      types,
      device: this.#flow.door,
      flow: this.#flow,
      correlations,
      room,
      calls,
      clock,
      closedError: (operation, instance) => lifecycle.closedError(operation, instance),
      refuse: () => counts.refuse(),
    });
    inbound.onFault = (fault) => lifecycle.fault(fault);
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
    return this.#lifecycle.state;
  }

  get ending(): Ending | undefined {
    return this.#lifecycle.ending;
  }

  /** The event after which none comes. */
  get last(): KernelEvent | undefined {
    return this.#lifecycle.last;
  }

  activate(operation: 'activate' | 'reactivate'): Promise<void> {
    return this.#lifecycle.activate(operation);
  }

  deactivate(): Promise<void> {
    return this.#lifecycle.deactivate();
  }

  /** Said several times, the first one's time-out counts. */
  terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    return this.#lifecycle.terminate(timeoutMs);
  }

  /** Resolves when the kernel has terminated; rejects when its device is lost before that. */
  ended(): Promise<void> {
    return this.#lifecycle.ended();
  }

  /** The device is gone. */
  lose(error: RingKernelError): void {
    this.#lifecycle.lose(error);
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
    return this.#lifecycle.faults;
  }

  counters(): KernelCounters {
    return this.#counts.all;
  }

  /** Only where the flow counts: what actors have sent to it, and what it sent to nobody or another tenant. */
  get actorMessages(): number {
    return this.#counts.actorMessages;
  }

  metrics(): KernelMetrics {
    const { id, instances: maxInstances, queueCapacity, outputQueueCapacity } = this.settings;
    return {
      ...this.counters(),
      id,
      state: this.state,
      instances: this.instances.living,
      maxInstances,
      queueCapacity,
      outputQueueCapacity,
      outputQueueDepth: this.output.size,
      waitingSenders: this.outbound.waiting,
      flow: this.#flow.metrics(),
      uptimeMs: this.#lifecycle.uptimeMs,
      ...(this.#device.code !== undefined && { code: this.#device.code }),
    };
  }

  status(): KernelStatus {
    const { pending, handled } = this.counters();
    return {
      id: this.id,
      state: this.state,
      instances: this.instances.living,
      failedInstances: this.instances.failed.size,
      pending,
      handled,
      outputQueueDepth: this.output.size,
      uptimeMs: this.#lifecycle.uptimeMs,
    };
  }

  #checkEmit(type: string | undefined): void {
    if (type !== undefined) this.emitOf(type);
  }
}
