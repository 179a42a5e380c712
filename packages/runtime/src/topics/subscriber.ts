import {
  DeviceLostError,
  InvalidOptionError,
  KernelTerminatedError,
  SchemaError,
  UnknownMessageError,
} from '@ringkernel/core';
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

/** An instance of a kernel. It has taken a publication when its mailbox has. */
export class KernelSubscriber implements Subscriber {
  readonly kernel: Kernel;
  readonly instance: number;
  readonly type: string;
  #lastError: unknown;

  constructor(kernel: Kernel, instance: number, type: string) {
    this.kernel = kernel;
    this.instance = instance;
    this.type = type;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  async deliver({ payload, qos }: Publication): Promise<Delivered> {
    const { outbound } = this.kernel;
    try {
      if (qos === 0) {
        return outbound.trySend(this.type, this.instance, payload) ? 'taken' : 'full';
      }
      await outbound.send(this.type, this.instance, payload);
      return 'taken';
    } catch (error) {
      this.#lastError = error;
      if (error instanceof KernelTerminatedError || error instanceof DeviceLostError) return 'gone';
      const bad = [SchemaError, UnknownMessageError, InvalidOptionError];
      if (qos === 0 || bad.some((kind) => error instanceof kind)) return 'lost';
      return 'retry';
    }
  }

  end(): void {}
}
