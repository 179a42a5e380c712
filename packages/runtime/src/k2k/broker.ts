import { InvalidOptionError, QueueFullError } from '@ringkernel/core';
import type { UndeliveredMessage } from '../dead-letters.ts';
import { NameNotFoundError } from '../errors.ts';
import { type AnyInstanceHandle, InstanceHandle, kernelOf } from '../handle.ts';
import type { Kernel } from '../kernel.ts';
import type { Registry, RegistryQuery } from '../registry/registry.ts';
import { Delivery, type DeliveryParts } from './delivery.ts';
import { Endpoint, type Posted } from './endpoint.ts';
import { K2KCallError } from './errors.ts';
import { LinkPeer, type MessageLink } from './link/link-peer.ts';
import {
  checkK2KCall,
  checkK2KRelay,
  checkK2KSend,
  type K2KCallOptions,
  type K2KOptions,
  type K2KRelayOptions,
  type K2KSendOptions,
} from './options.ts';
import { type DeliveryStatus, deliveryStatuses, type Receipt, type Source } from './receipt.ts';
import { Receipts } from './receipts.ts';
import { deadLetterReasonOf } from './refusals.ts';
import { Relay } from './relay.ts';
import { restarted, whyOver } from './restarted.ts';
import { Routes } from './routes.ts';
import { destinationOf, type Target } from './target.ts';
import { type K2KMessage, Transit } from './transit.ts';

/** What a broker needs of its runtime. */
export interface BrokerParts extends DeliveryParts {
  readonly registry: Registry;
  readonly options: Required<K2KOptions>;
  onDeadLetter(letter: UndeliveredMessage): void;
}

/** Where messages go on: in this process, or over a link. */
type Peer = Broker | LinkPeer;

/** What is to be sent. */
interface What {
  readonly type: string;
  readonly payload: unknown;
  readonly options: K2KSendOptions;
  readonly callTimeoutMs?: number;
}

/** What a broker has done. */
export interface BrokerStats {
  readonly endpoints: number;
  readonly peers: number;
  readonly routes: number;
  /** Messages from endpoints of this runtime. */
  readonly sent: number;
  /** Of these, those whose fate is not known yet. */
  readonly pending: number;
  /** What became of the others. */
  readonly byStatus: Readonly<Record<DeliveryStatus, number>>;
  /** Messages of other runtimes that came here and went on. */
  readonly forwarded: number;
  /** Receipts that are kept. */
  readonly receipts: number;
}

/**
 * Carries messages between kernels through the host: by name, over several runtimes (and so between devices), with a
 * receipt for each. Kernels of one device that know each other's addresses need none of it.
 */
export class Broker {
  readonly #parts: BrokerParts;
  readonly #delivery: Delivery;
  readonly #receipts: Receipts;
  readonly #routes: Routes<Peer> = new Routes();
  readonly #peers: Set<Peer> = new Set();
  readonly #endpoints: WeakMap<Kernel, Map<number, Endpoint>> = new WeakMap();
  readonly #pending: Map<string, Transit> = new Map();
  readonly #byStatus: Record<DeliveryStatus, number>;
  #endpointCount = 0;
  #sent = 0;
  #forwarded = 0;

  /** Made by the runtime. */
  constructor(parts: BrokerParts) {
    this.#parts = parts;
    this.#delivery = new Delivery(parts);
    const { receiptCapacity, receiptAgeMs } = parts.options;
    this.#receipts = new Receipts(receiptCapacity, receiptAgeMs);
    const none = deliveryStatuses.map((status) => [status, 0] as const);
    this.#byStatus = Object.fromEntries(none) as Record<DeliveryStatus, number>;
  }

  /** Node id of its runtime. */
  get node(): number {
    return this.#parts.node;
  }

  /** Who holds the handle of a kernel or instance may send in its name. */
  endpoint(handle: AnyInstanceHandle): Endpoint {
    if (!(handle instanceof InstanceHandle)) {
      throw new InvalidOptionError('handle', 'the handle of a kernel or instance', handle);
    }
    const kernel = kernelOf(handle);
    if (!this.#parts.owns(kernel)) {
      const wanted = 'the handle of a kernel of this runtime that has not ended';
      throw new InvalidOptionError('handle', wanted, kernel.id);
    }
    const ofKernel = this.#endpoints.get(kernel) ?? new Map<number, Endpoint>();
    this.#endpoints.set(kernel, ofKernel);
    let endpoint = ofKernel.get(handle.index);
    if (endpoint === undefined) {
      endpoint = this.#createEndpoint(kernel, handle);
      ofKernel.set(handle.index, endpoint);
      this.#endpointCount++;
    }
    return endpoint;
  }

  /** Lets messages go from here to another runtime of this process and back, where routes lead there. */
  connect(peer: Broker): void {
    if (!(peer instanceof Broker)) throw new InvalidOptionError('peer', 'a broker', peer);
    if (peer.node === this.node) {
      throw new InvalidOptionError('peer', 'a broker with another node id', peer.node, {
        hint: 'create the runtimes with different values of nodeId',
      });
    }
    this.#peers.add(peer);
    peer.#peers.add(this);
  }

  /**
   * Lets messages go over a link to a runtime of another process, which joins its end as well. The link belongs to the
   * broker from then on. Rejects with `K2KFrameError` when no broker answers, and `InvalidOptionError` when it has the
   * node id of this one or of a peer.
   */
  async join(link: MessageLink): Promise<LinkPeer> {
    const peer = await LinkPeer.join(link, {
      node: this.node,
      maxPending: this.#parts.options.maxPending,
      accept: (transit, instance) => this.#accept(transit, instance),
      onEnd: (ended) => this.#drop(ended),
    });
    const taken = [this, ...this.#peers].some(({ node }) => node === peer.node);
    if (taken) {
      peer.leave();
      throw new InvalidOptionError('link', 'one to a node id that is not here yet', peer.node, {
        hint: 'create the runtimes with different values of nodeId',
      });
    }
    this.#peers.add(peer);
    return peer;
  }

  /** Takes the connection and the routes over it back; a link is closed. */
  disconnect(peer: Broker | LinkPeer): void {
    this.#drop(peer);
    if (peer instanceof Broker) peer.#drop(this);
    else peer.leave();
  }

  #drop(peer: Peer): void {
    this.#peers.delete(peer);
    this.#routes.deleteVia(peer);
  }

  /**
   * Names that match the pattern and are not in this runtime's registry are looked for over there. `*` is any run of
   * characters within a level, `**` across levels.
   */
  addRoute(pattern: string, via: Broker | LinkPeer): void {
    if (!this.#peers.has(via)) {
      throw new InvalidOptionError('via', 'a broker this one is connected to', via?.node);
    }
    this.#routes.set(pattern, via);
  }

  /** False: there was no such route. */
  removeRoute(pattern: string): boolean {
    return this.#routes.delete(pattern);
  }

  /** What became of a message that was sent from here; undefined when it is too long ago. */
  receipt(id: string): Receipt | undefined {
    return this.#pending.get(id)?.receipt() ?? this.#receipts.get(id);
  }

  stats(): BrokerStats {
    return {
      endpoints: this.#endpointCount,
      peers: this.#peers.size,
      routes: this.#routes.size,
      sent: this.#sent,
      pending: this.#pending.size,
      byStatus: { ...this.#byStatus, Pending: this.#pending.size },
      forwarded: this.#forwarded,
      receipts: this.#receipts.size,
    };
  }

  /** The runtime's own: the endpoints of a kernel that has ended are no more. */
  release(kernel: Kernel): void {
    this.#endpointCount -= this.#endpoints.get(kernel)?.size ?? 0;
    this.#endpoints.delete(kernel);
  }

  /** The runtime's own: nobody reaches it any more. */
  close(): void {
    for (const peer of [...this.#peers]) this.disconnect(peer);
  }

  #createEndpoint(kernel: Kernel, handle: AnyInstanceHandle): Endpoint {
    const source = this.#source(kernel, handle.index);
    return new Endpoint({
      source,
      post: (to, type, payload, options) => {
        checkK2KSend(options);
        return this.#post(kernel, source, to, { type, payload, options });
      },
      call: (to, type, payload, options) => this.#call(kernel, source, to, type, payload, options),
      find: (query) => this.#find(query),
      relay: (emit, to, type, options) => this.#relay(kernel, handle, emit, to, type, options),
    });
  }

  #source(kernel: Kernel, instance: number): Source {
    return Object.freeze({ node: this.node, kernelId: kernel.id, instance });
  }

  #post(
    kernel: Kernel,
    source: Source,
    to: Target,
    what: What,
  ): Posted & { readonly transit: Transit } {
    const { type, payload, options, callTimeoutMs } = what;
    if (kernel.state === 'terminated') throw kernel.ending?.error(`send ${type}`);
    const { name, instance, handle } = destinationOf(to);
    const { deliveryTimeoutMs, maxHops, maxPending } = this.#parts.options;
    const message: K2KMessage = {
      id: `${this.node}:${++this.#sent}`,
      source,
      sender: kernel,
      address: kernel.settings.baseAddress + source.instance,
      destination: name,
      type,
      payload,
      options: { deliveryTimeoutMs, ...options },
      maxHops,
      callTimeoutMs,
    };
    let resolve: (receipt: Receipt) => void = () => {};
    const ended = new Promise<Receipt>((settle) => {
      resolve = settle;
    });
    const transit = new Transit(message, (receipt) => {
      this.#pending.delete(receipt.id);
      this.#byStatus[receipt.status]++;
      this.#receipts.add(receipt);
      resolve(receipt);
    });
    if (this.#pending.size >= maxPending) {
      transit.refused(this.node, 'QueueFull', new QueueFullError('k2k broker', 0, maxPending));
    } else {
      this.#pending.set(message.id, transit);
      if (handle === undefined) this.#accept(transit, instance);
      else void this.#delivery.deliver(transit, kernelOf(handle), handle.index);
    }
    return { id: message.id, ended, transit };
  }

  /** Delivers here, or hands over to the next broker. */
  #accept(transit: Transit, instance: number | undefined): void {
    const { destination } = transit.message;
    const { registry } = this.#parts;
    const entry = registry.entry(destination);
    if (entry !== undefined) {
      void this.#delivery.deliver(transit, kernelOf(entry.handle), instance ?? entry.handle.index);
      return;
    }
    const via = this.#routes.find(destination);
    if (via === undefined) {
      const error = new NameNotFoundError(destination, registry.names);
      transit.refused(this.node, 'NotFound', error);
    } else if (transit.forward(via.node)) {
      if (transit.message.source.node !== this.node) this.#forwarded++;
      if (via instanceof Broker) via.#accept(transit, instance);
      else via.forward(transit, instance);
    } else {
      transit.refused(this.node, 'MaxHopsExceeded');
    }
  }

  async #call(
    kernel: Kernel,
    source: Source,
    to: Target,
    type: string,
    payload: unknown,
    { timeoutMs, ...options }: K2KCallOptions,
  ): Promise<unknown> {
    const callTimeoutMs = checkK2KCall(
      timeoutMs === undefined ? options : { ...options, timeoutMs },
    );
    const what = { type, payload, options, callTimeoutMs };
    const { transit, ended } = this.#post(kernel, source, to, what);
    const receipt = await ended;
    if (receipt.status !== 'Delivered' || receipt.error !== undefined) {
      throw new K2KCallError(receipt);
    }
    return transit.reply;
  }

  #find(query: RegistryQuery): AnyInstanceHandle[] {
    const handles = this.#parts.registry.find(query).map(({ handle }) => handle);
    return [...new Map(handles.map((handle) => [handle.address, handle])).values()];
  }

  #relay(
    kernel: Kernel,
    handle: AnyInstanceHandle,
    emit: string,
    to: Target,
    type: string,
    options: K2KRelayOptions,
  ): Relay {
    destinationOf(to);
    checkK2KRelay(options);
    const emitted = kernel.emitOf(emit);
    return new Relay({
      receive: (signal) => handle.receive(emit, { signal }),
      resumed: (signal) => restarted(kernel, signal),
      over: (failure) => whyOver(kernel, `relay ${emit}`, failure),
      send: async (event, payload) => {
        const source = this.#source(kernel, event.from);
        const priority = options.priority ?? event.priority;
        const how = { ...options, priority };
        const { ended } = this.#post(kernel, source, to, { type, payload, options: how });
        const receipt = await ended;
        if (receipt.status === 'Delivered') return true;
        const from = kernel.settings.baseAddress + event.from;
        const bytes = emitted.layout.size;
        this.#bury(receipt, to, { payload, source: from, priority, bytes });
        return false;
      },
    });
  }

  /** Nobody looks at the receipts of a relay. */
  #bury(
    receipt: Receipt,
    to: Target,
    sent: Pick<UndeliveredMessage, 'payload' | 'source' | 'priority' | 'bytes'>,
  ): void {
    const { name, instance, handle = this.#parts.registry.entry(name)?.handle } = destinationOf(to);
    this.#parts.onDeadLetter({
      reason: deadLetterReasonOf(receipt.status),
      kernelId: handle === undefined ? name : kernelOf(handle).id,
      instance: instance ?? handle?.index ?? 0,
      type: receipt.type,
      typeId: 0,
      destination: handle?.address ?? 0,
      correlation: 0n,
      ...sent,
    });
  }
}
