import { InvalidOptionError, KernelTerminatedError, type RingKernelError } from '@ringkernel/core';
import type { UndeliveredMessage } from '../dead-letters.ts';
import { type AnyInstanceHandle, InstanceHandle, kernelOf } from '../handle.ts';
import { Relay } from '../k2k/relay.ts';
import { restarted, whyOver } from '../k2k/restarted.ts';
import type { Target } from '../k2k/target.ts';
import type { Kernel } from '../kernel.ts';
import { checkNames, checkSignal, checkTimeout, type ReceiveOptions } from '../options.ts';
import type { Registry } from '../registry/registry.ts';
import type { Tenants } from '../tenants/tenants.ts';
import type { WaitingRoom } from '../waiting.ts';
import {
  checkPublish,
  checkSubscribe,
  type PublishOptions,
  type SubscribeOptions,
} from './options.ts';
import { recipientOf } from './recipient.ts';
import { Settling } from './settling.ts';
import {
  KernelSubscriber,
  type Listener,
  ListenerSubscriber,
  type Publication,
  StreamSubscriber,
  type Subscriber,
} from './subscriber.ts';
import {
  effectiveQoS,
  noCounts,
  Subscription,
  type SubscriptionCount,
  type SubscriptionParts,
  SubscriptionStream,
} from './subscription.ts';
import { filterLevels, matches, topicLevels } from './topic.ts';
import { TopicTree } from './topic-tree.ts';

/** How long `settled` waits by default, milliseconds. */
const settledTimeoutMs = 30_000;

/** What topics need of their runtime. */
export interface TopicsParts {
  readonly room: WaitingRoom;
  /** Topics that may have something retained. */
  readonly maxRetained: number;
  readonly tenants: Tenants;
  readonly registry: Registry;
  onDeadLetter(letter: UndeliveredMessage): void;
}

/** What was done. */
export interface TopicsStats {
  readonly subscriptions: number;
  readonly published: number;
  /** Publications that nobody had subscribed to. */
  readonly unheard: number;
  /** Publications of a kernel that were kept from kernels of other tenants. */
  readonly refused: number;
  /** Topics that have something retained. */
  readonly retained: number;
  /** Retained publications that gave way to newer ones. */
  readonly retainedEvicted: number;
  /** Publications that wait for a subscriber, or for room to wait. */
  readonly pending: number;
  /** Of all subscriptions, also those that have ended: see there. */
  readonly delivered: number;
  readonly dropped: number;
  readonly redelivered: number;
  readonly duplicates: number;
  readonly failed: number;
}

interface Entry {
  readonly levels: readonly string[];
  readonly subscription: Subscription;
  readonly options: Required<SubscribeOptions>;
  /** Who gets it; with a name, who had it at first. */
  readonly kernel: Kernel | undefined;
  readonly follows: boolean;
}

interface Published extends Omit<Publication, 'retained'> {
  /** The kernel that published it; undefined: the program. */
  readonly from: Kernel | undefined;
}

/** Publish and subscribe: who sends does not know who listens. */
export class Topics {
  readonly #parts: TopicsParts;
  readonly #tree: TopicTree<Entry> = new TopicTree();
  readonly #entries: Map<Subscription, Entry> = new Map();
  readonly #retained: Map<string, Published> = new Map();
  readonly #counts = { published: 0, unheard: 0, refused: 0, retainedEvicted: 0 };
  readonly #deliveries: Record<SubscriptionCount, number> = noCounts();
  readonly #settling: Set<Settling> = new Set();

  /** Made by the runtime. */
  constructor(parts: TopicsParts) {
    this.#parts = parts;
  }

  /**
   * Publishes to all who have subscribed to the topic; how many there are. Resolves when it waits for each of them;
   * rejects with `TimeoutError` when one with the policy `wait` has no room in time. It may be published again then.
   */
  async publish(topic: string, payload: unknown, options: PublishOptions = {}): Promise<number> {
    return await this.#publish(undefined, topic, payload, options);
  }

  /**
   * Publishes each event of this name that the kernel emits, until it is stopped or the kernel ends. Where a subscriber
   * has no room and the policy is to wait, the events wait in the kernel's output queue.
   */
  publishEvents(
    handle: AnyInstanceHandle,
    emit: string,
    topic: string,
    options: Pick<PublishOptions, 'qos' | 'retain'> = {},
  ): Relay {
    checkNames(options, ['qos', 'retain'], 'options');
    const kernel = kernelOf(checkHandle(handle));
    kernel.emitOf(emit);
    topicLevels(topic);
    checkPublish(options);
    return new Relay({
      receive: (signal) => handle.receive(emit, { signal }),
      resumed: (signal) => restarted(kernel, signal),
      over: (failure) => whyOver(kernel, `publish ${emit}`, failure),
      send: async (_event, payload) => {
        const timeoutMs = Number.POSITIVE_INFINITY;
        await this.#publish(kernel, topic, payload, { ...options, timeoutMs });
        return true;
      },
    });
  }

  /** Calls the listener for each publication that the filter takes, or gives them to a `for await` loop. */
  subscribe(filter: string, listener: Listener, options?: SubscribeOptions): Subscription;
  subscribe(filter: string, options?: SubscribeOptions): SubscriptionStream;
  subscribe(
    filter: string,
    first: Listener | SubscribeOptions = {},
    second: SubscribeOptions = {},
  ): Subscription {
    if (typeof first === 'function') {
      return this.#subscribe(filter, new ListenerSubscriber(first), second, undefined);
    }
    const stream: StreamSubscriber = new StreamSubscriber(this.#parts.room, filter, () =>
      subscription.unsubscribe(),
    );
    const create = (parts: SubscriptionParts) => new SubscriptionStream(parts, stream);
    const subscription = this.#subscribe(filter, stream, first, undefined, create);
    return subscription;
  }

  /**
   * Sends each publication that the filter takes to a kernel or instance, as a message of this type. With a handle the
   * subscription ends with the kernel, or with a publication that finds its instance retired. With a name of the registry it goes to whoever has the name when it is delivered:
   * also to a kernel that was launched again.
   */
  subscribeKernel(
    filter: string,
    to: Target,
    type: string,
    options: SubscribeOptions = {},
  ): Subscription {
    const recipient = recipientOf(to, this.#parts.registry);
    const subscriber = new KernelSubscriber(recipient, type);
    const { kernel } = subscriber.last;
    kernel.outbound.sizeOf(type);
    if (kernel.state === 'terminated') throw kernel.ending?.error(`subscribe to '${filter}'`);
    return this.#subscribe(filter, subscriber, options, kernel);
  }

  /** What is retained under the topics that the filter takes. */
  retained(filter = '#'): Publication[] {
    const levels = filterLevels(filter);
    const found = [...this.#retained.values()].filter(({ topic }) =>
      matches(levels, topic.split('/')),
    );
    return found.map((published) => publication(published, published.qos, true));
  }

  /** Retains nothing under this topic any more. False: nothing was. */
  clearRetained(topic: string): boolean {
    return this.#retained.delete(topic);
  }

  stats(): TopicsStats {
    const { size: retained } = this.#retained;
    let pending = 0;
    for (const { unsettled } of this.#entries.keys()) pending += unsettled;
    const { size: subscriptions } = this.#tree;
    return { ...this.#counts, ...this.#deliveries, subscriptions, retained, pending };
  }

  /**
   * Resolves once nothing that was published waits for a subscriber: all was taken, missed or given up. A mailbox that
   * has taken a publication need not have handled it; a loop takes one when it asks for the next. Rejects with
   * `TimeoutError`, or `CancelledError`.
   */
  settled(options: ReceiveOptions = {}): Promise<void> {
    checkNames(options, ['timeoutMs', 'signal'], 'options');
    const { timeoutMs = settledTimeoutMs, signal } = options;
    const waiting = new Settling(this.#parts.room, (left) => void this.#settling.delete(left));
    this.#settling.add(waiting);
    const limit = signal === undefined ? undefined : checkSignal(signal);
    waiting.start({ timeoutMs: checkTimeout(timeoutMs), signal: limit });
    this.#settle();
    return waiting.promise;
  }

  /** The runtime's own: a kernel has ended, or is lost with its device. */
  release(kernel: Kernel, lost?: RingKernelError): void {
    for (const { kernel: own, follows, subscription } of [...this.#entries.values()]) {
      if (own !== kernel || (follows && lost === undefined)) continue;
      const operation = `deliver what '${subscription.filter}' takes`;
      subscription.end(lost ?? new KernelTerminatedError(kernel.id, operation));
    }
  }

  /** The runtime's own. */
  close(): void {
    for (const subscription of [...this.#entries.keys()]) subscription.end(undefined);
  }

  async #publish(
    from: Kernel | undefined,
    topic: string,
    payload: unknown,
    options: PublishOptions,
  ): Promise<number> {
    const levels = topicLevels(topic);
    const { qos, retain, timeoutMs } = checkPublish(options);
    const id = options.id ?? `#${this.#counts.published}`;
    this.#counts.published++;
    const published = { from, topic, payload: structuredClone(payload), qos, id };
    if (retain) this.#retain(published);
    const found = this.#tree.find(levels).filter((entry) => this.#mayHear(entry, from));
    if (found.length === 0) this.#counts.unheard++;
    await Promise.all(
      found.map(({ subscription, options: { qos: wanted } }) =>
        subscription.offer(publication(published, effectiveQoS(qos, wanted), false), timeoutMs),
      ),
    );
    return found.length;
  }

  #retain(published: Published): void {
    this.#retained.delete(published.topic);
    this.#retained.set(published.topic, published);
    for (const oldest of this.#retained.keys()) {
      if (this.#retained.size <= this.#parts.maxRetained) break;
      this.#retained.delete(oldest);
      this.#counts.retainedEvicted++;
    }
  }

  #subscribe(
    filter: string,
    subscriber: Subscriber,
    given: SubscribeOptions,
    kernel: Kernel | undefined,
    create: (parts: SubscriptionParts) => Subscription = (parts) => new Subscription(parts),
  ): Subscription {
    const levels = filterLevels(filter);
    const options = checkSubscribe(given);
    const subscription = create({
      room: this.#parts.room,
      filter,
      subscriber,
      options,
      onEnd: () => {
        this.#tree.delete(levels, entry);
        this.#entries.delete(subscription);
      },
      onIdle: () => this.#settle(),
      onCount: (what) => void this.#deliveries[what]++,
      onLost: (lost) => this.#bury(subscriber, lost),
    });
    const follows = subscriber instanceof KernelSubscriber && subscriber.follows;
    const entry: Entry = { levels, subscription, options, kernel, follows };
    this.#tree.add(levels, entry);
    this.#entries.set(subscription, entry);
    for (const published of this.#retained.values()) {
      if (!matches(levels, published.topic.split('/'))) continue;
      if (!this.#mayHear(entry, published.from)) continue;
      const qos = effectiveQoS(published.qos, options.qos);
      void subscription.offer(publication(published, qos, true), Number.POSITIVE_INFINITY);
    }
    return subscription;
  }

  #settle(): void {
    if (this.#settling.size === 0) return;
    for (const { unsettled } of this.#entries.keys()) if (unsettled > 0) return;
    for (const waiting of [...this.#settling]) waiting.succeed();
  }

  /** The program hears and tells everybody; kernels only those of their own tenant. */
  #mayHear({ kernel }: Entry, from: Kernel | undefined): boolean {
    if (kernel === undefined || from === undefined) return true;
    if (this.#parts.tenants.mayTell(from, kernel, 'topics')) return true;
    this.#counts.refused++;
    return false;
  }

  /** What a kernel was promised can be sent again; a listener that fails knows it already. */
  #bury(subscriber: Subscriber, { payload }: Publication): void {
    if (!(subscriber instanceof KernelSubscriber)) return;
    const { last, type } = subscriber;
    const { kernel, instance } = last;
    const { id, settings } = kernel;
    const kind = kernel.last?.kind;
    const over = kind === 'terminated' || !kernel.instances.lives(instance);
    const gone = over ? 'terminated' : 'invalid';
    this.#parts.onDeadLetter({
      reason: kind === 'lost' ? 'device-lost' : gone,
      kernelId: id,
      instance,
      type,
      typeId: 0,
      source: 0,
      destination: settings.baseAddress + instance,
      priority: 'normal',
      correlation: 0n,
      payload,
      bytes: kernel.outbound.sizeOf(type),
    });
  }
}

function publication(
  published: Published,
  qos: Publication['qos'],
  retained: boolean,
): Publication {
  const { topic, payload, id } = published;
  return { topic, payload, id, qos, retained };
}

function checkHandle(handle: AnyInstanceHandle): AnyInstanceHandle {
  if (handle instanceof InstanceHandle) return handle;
  throw new InvalidOptionError('handle', 'the handle of a kernel or instance', handle);
}
