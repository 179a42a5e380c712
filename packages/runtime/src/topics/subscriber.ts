import {
  DeviceLostError,
  InstanceNotFoundError,
  InvalidOptionError,
  KernelTerminatedError,
  SchemaError,
  UnknownMessageError,
} from '@ringkernel/core';
import { NameNotFoundError, TenantMismatchError } from '../errors.ts';
import { Feed } from '../feed.ts';
import type { Kernel } from '../kernel.ts';
import type { WaitingRoom } from '../waiting.ts';
import type { QoS } from './options.ts';

/** What was published, as a subscriber gets it. */
export interface Publication {
  readonly topic: string;
  readonly payload: unknown;
  readonly qos: QoS;
  /** What the publisher called it, or a name that nothing else has. */
  readonly id: string;
  /** Whether it was published before the subscription. */
  readonly retained: boolean;
}

/** What became of one delivery: `retry` wants it again, `lost` can never be delivered, `gone` takes nothing more. */
export type Delivered = 'taken' | 'full' | 'retry' | 'lost' | 'gone';

/** Somebody to whom publications are delivered, one after the other. */
export interface Subscriber {
  deliver(publication: Publication): Promise<Delivered>;
  /** The subscription ended, with an error or by itself. */
  end(error: unknown): void;
  /** What the last delivery that was not taken failed with. */
  readonly lastError: unknown;
}

export type Listener = (publication: Publication) => unknown;

/** A function of the program. It has taken a publication when it has returned, or its promise has resolved. */
export class ListenerSubscriber implements Subscriber {
  readonly #listener: Listener;
  #lastError: unknown;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  async deliver(publication: Publication): Promise<Delivered> {
    try {
      await this.#listener(publication);
      return 'taken';
    } catch (error) {
      this.#lastError = error;
      return publication.qos === 1 ? 'retry' : 'lost';
    }
  }

  end(): void {}
}

/** A loop of the program. It has taken a publication when it asks for the next one. */
export class StreamSubscriber implements Subscriber, AsyncIterableIterator<Publication, undefined> {
  readonly lastError: undefined;
  readonly #feed: Feed<Publication>;
  #taken: (() => void) | undefined;

  constructor(room: WaitingRoom, filter: string, onLeave: () => void) {
    this.#feed = new Feed(room, {
      subject: `subscription to '${filter}'`,
      capacity: 1,
      onFull: 'fail',
      signal: undefined,
      onEnd: onLeave,
    });
  }

  async deliver(publication: Publication): Promise<Delivered> {
    this.#feed.push(publication);
    await new Promise<void>((resolve) => {
      this.#taken = resolve;
    });
    return 'taken';
  }

  end(error: unknown): void {
    if (error === undefined) this.#feed.end();
    else this.#feed.fail(error);
  }

  next(): Promise<IteratorResult<Publication, undefined>> {
    // What waits in the feed was not handed over yet.
    if (this.#feed.size === 0) this.#acknowledge();
    return this.#feed.next();
  }

  return(): Promise<IteratorResult<Publication, undefined>> {
    this.#acknowledge();
    return this.#feed.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #acknowledge(): void {
    this.#taken?.();
    this.#taken = undefined;
  }
}

/** Where a subscription leads: always the same instance, or whoever has a name. */
export interface Recipient {
  /** Whether it may be another kernel the next time. */
  readonly follows: boolean;
  /** Who it is now. Throws why it is nobody. */
  find(): { readonly kernel: Kernel; readonly instance: number };
}

/** An instance of a kernel. It has taken a publication when its mailbox has. */
export class KernelSubscriber implements Subscriber {
  readonly type: string;
  readonly #recipient: Recipient;
  #last: ReturnType<Recipient['find']>;
  #lastError: unknown;

  constructor(recipient: Recipient, type: string) {
    this.type = type;
    this.#recipient = recipient;
    this.#last = recipient.find();
  }

  /** Whether it may be another kernel the next time. */
  get follows(): boolean {
    return this.#recipient.follows;
  }

  /** Who it was when it was last found. */
  get last(): ReturnType<Recipient['find']> {
    return this.#last;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  async deliver({ payload, qos }: Publication): Promise<Delivered> {
    try {
      this.#last = this.#recipient.find();
      const { kernel, instance } = this.#last;
      if (qos === 0) {
        return kernel.outbound.trySend(this.type, instance, payload) ? 'taken' : 'full';
      }
      await kernel.outbound.send(this.type, instance, payload);
      return 'taken';
    } catch (error) {
      this.#lastError = error;
      return this.#outcomeOf(error, qos);
    }
  }

  #outcomeOf(error: unknown, qos: QoS): Delivered {
    const { follows } = this.#recipient;
    const ends = [DeviceLostError, TenantMismatchError];
    if (ends.some((kind) => error instanceof kind)) return 'gone';
    const away = [KernelTerminatedError, InstanceNotFoundError, NameNotFoundError];
    const isAway = away.some((kind) => error instanceof kind);
    if (isAway && !follows) return 'gone';
    if (isAway) return qos === 0 ? 'full' : 'retry';
    const bad = [SchemaError, UnknownMessageError, InvalidOptionError];
    return qos === 0 || bad.some((kind) => error instanceof kind) ? 'lost' : 'retry';
  }

  end(): void {}
}
