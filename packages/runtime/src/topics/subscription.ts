import { FeedOverflowError } from '../errors.ts';
import { Waiting, type WaitingRoom } from '../waiting.ts';
import type { QoS, SubscribeOptions } from './options.ts';
import type { Publication, StreamSubscriber, Subscriber } from './subscriber.ts';

/** Ids that a subscription with QoS 2 remembers; the oldest are forgotten first. */
const seenCapacity = 100_000;

/** A publisher who waits until a subscriber has room. */
class RoomWaiting extends Waiting<void> {
  readonly publication: Publication;
  readonly #filter: string;
  readonly #onLeave: (waiting: RoomWaiting) => void;

  constructor(
    room: WaitingRoom,
    filter: string,
    publication: Publication,
    onLeave: (waiting: RoomWaiting) => void,
  ) {
    super(room);
    this.publication = publication;
    this.#filter = filter;
    this.#onLeave = onLeave;
  }

  protected describe(): string {
    return `publish to the subscription to '${this.#filter}'`;
  }

  protected leave(): void {
    this.#onLeave(this);
  }
}

export type SubscriptionCount = 'delivered' | 'dropped' | 'redelivered' | 'duplicates' | 'failed';

/** Nothing has happened yet. */
export function noCounts(): Record<SubscriptionCount, number> {
  return { delivered: 0, dropped: 0, redelivered: 0, duplicates: 0, failed: 0 };
}

/** What a subscription needs of the topics. */
export interface SubscriptionParts {
  readonly room: WaitingRoom;
  readonly filter: string;
  readonly subscriber: Subscriber;
  readonly options: Required<SubscribeOptions>;
  /** It takes nothing more; called once. */
  onEnd(subscription: Subscription): void;
  /** One more of these. */
  onCount(what: SubscriptionCount): void;
  /** Nothing waits for the subscriber now. */
  onIdle(): void;
  /** A publication that was promised and can't be delivered. */
  onLost(publication: Publication): void;
}

/** Delivers what matches a filter to one subscriber, in order. */
export class Subscription {
  readonly filter: string;
  /**
   * Resolves when it has ended: undefined when somebody ended it, else why: `FeedOverflowError` for a subscriber that was
   * too slow, `KernelTerminatedError`, `DeviceLostError`, or `TenantMismatchError` when its name is another tenant's now.
   */
  readonly ended: Promise<unknown>;
  readonly #parts: SubscriptionParts;
  readonly #queue: Publication[] = [];
  readonly #waiting: Set<RoomWaiting> = new Set();
  readonly #seen: Set<string> = new Set();
  readonly #counts: Record<SubscriptionCount, number> = noCounts();
  #resolveEnded: (error: unknown) => void = () => {};
  #wake: () => void = () => {};
  #isEnded = false;
  #isRunning = false;
  #isDelivering = false;

  /** Made by `runtime.topics`. */
  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.filter = parts.filter;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Publications that the subscriber has taken. */
  get delivered(): number {
    return this.#counts.delivered;
  }

  /** Publications that a slow subscriber missed: with QoS 0, or with those that waited when it was disconnected. */
  get dropped(): number {
    return this.#counts.dropped;
  }

  /** How often a publication was delivered again. */
  get redelivered(): number {
    return this.#counts.redelivered;
  }

  /** Publications with QoS 2 that it had been given before. */
  get duplicates(): number {
    return this.#counts.duplicates;
  }

  /** Publications that the subscriber refused for good. */
  get failed(): number {
    return this.#counts.failed;
  }

  /** Publications that the subscriber has not taken yet. */
  get pending(): number {
    return this.#queue.length + (this.#isDelivering ? 1 : 0);
  }

  /** Publications that wait for the subscriber, or for room to wait. */
  get unsettled(): number {
    return this.pending + this.#waiting.size;
  }

  /** What the last delivery that was not taken failed with. */
  get lastError(): unknown {
    return this.#parts.subscriber.lastError;
  }

  /** Ends it: what waits is dropped. */
  unsubscribe(): void {
    this.end(undefined);
  }

  /** The topics' own: resolves when it waits for the subscriber; at once unless the policy is to wait for room. */
  async offer(publication: Publication, timeoutMs: number): Promise<void> {
    if (this.#isEnded) return;
    const { onSlow, capacity } = this.#parts.options;
    if (this.#queue.length < capacity && this.#waiting.size === 0) return this.#admit(publication);
    if (onSlow === 'wait') return await this.#wait(publication, timeoutMs);
    if (onSlow === 'disconnect') {
      this.#drop(publication);
      return this.end(new FeedOverflowError(`subscription to '${this.filter}'`, capacity));
    }
    this.#count('dropped');
    this.#queue.shift();
    this.#admit(publication);
  }

  /** The topics' own. */
  end(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { subscriber, onEnd } = this.#parts;
    for (const publication of this.#queue.splice(0)) this.#drop(publication);
    onEnd(this);
    subscriber.end(error);
    for (const waiting of [...this.#waiting]) {
      waiting.succeed();
      this.#drop(waiting.publication);
    }
    this.#wake();
    this.#parts.onIdle();
    this.#resolveEnded(error);
  }

  #count(what: SubscriptionCount): void {
    this.#counts[what]++;
    this.#parts.onCount(what);
  }

  #admit(publication: Publication): void {
    if (this.#isDuplicate(publication)) return;
    this.#queue.push(publication);
    if (!this.#isRunning) void this.#run();
  }

  /** Whoever waits is admitted by the one who makes room, so that nobody comes between. */
  #wait(publication: Publication, timeoutMs: number): Promise<void> {
    const onLeave = (left: RoomWaiting) => void this.#waiting.delete(left);
    const waiting = new RoomWaiting(this.#parts.room, this.filter, publication, onLeave);
    this.#waiting.add(waiting);
    waiting.start({ timeoutMs, signal: undefined });
    return waiting.promise;
  }

  /** The subscriber will not get it, because the subscription has ended or is about to. */
  #drop(publication: Publication): void {
    this.#count('dropped');
    if (publication.qos > 0) this.#parts.onLost(publication);
  }

  #isDuplicate({ qos, id }: Publication): boolean {
    if (qos !== 2) return false;
    if (this.#seen.has(id)) {
      this.#count('duplicates');
      return true;
    }
    this.#seen.add(id);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= seenCapacity) break;
      this.#seen.delete(oldest);
    }
    return false;
  }

  /** Delivers until nothing waits. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    await undefined;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#isDelivering = true;
      for (const waiting of [...this.#waiting]) {
        if (this.#queue.length >= this.#parts.options.capacity) break;
        waiting.succeed();
        this.#admit(waiting.publication);
      }
      await this.#deliver(next);
      this.#isDelivering = false;
    }
    this.#isRunning = false;
    this.#parts.onIdle();
  }

  /** Until it is taken or never will be. */
  async #deliver(publication: Publication): Promise<void> {
    const { subscriber, onLost, options } = this.#parts;
    for (;;) {
      const outcome = await subscriber.deliver(publication);
      if (outcome === 'taken') this.#count('delivered');
      else if (outcome === 'full') this.#count('dropped');
      else if (outcome === 'lost') {
        this.#count('failed');
        if (publication.qos > 0) onLost(publication);
      }
      if (outcome === 'gone') this.end(subscriber.lastError);
      if (outcome !== 'retry' && outcome !== 'gone') return;
      if (!this.#isEnded) await this.#pause(options.retryMs);
      if (this.#isEnded) return this.#drop(publication);
      this.#count('redelivered');
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A subscription whose publications are taken with `for await`; who leaves the loop ends it. */
export class SubscriptionStream extends Subscription implements AsyncIterable<Publication> {
  readonly #stream: StreamSubscriber;

  /** Made by `runtime.topics`. */
  constructor(parts: SubscriptionParts, stream: StreamSubscriber) {
    super(parts);
    this.#stream = stream;
  }

  [Symbol.asyncIterator](): AsyncIterator<Publication, undefined> {
    return this.#stream;
  }
}

/** The lower one of what the publisher gives and the subscriber wants. */
export function effectiveQoS(published: QoS, wanted: QoS): QoS {
  return published < wanted ? published : wanted;
}
