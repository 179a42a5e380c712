import { CancelledError } from '@ringkernel/core';
import { FeedOverflowError } from './errors.ts';
import { Waiting, type WaitingRoom } from './waiting.ts';

/** Events as they happen, for one listener: take them with `for await`, and leave the loop to end it. */
export interface EventStream<T> extends AsyncIterableIterator<T, undefined> {
  /** Events that came while too many waited already. */
  readonly dropped: number;
  /** Events that wait to be taken. */
  readonly size: number;
}

/** What a feed is, and who has to know when nobody listens any more. */
export interface FeedOptions {
  /** What is listened to, as errors call it: `watch of the registry`. */
  readonly subject: string;
  /** Events that may wait for the listener. */
  readonly capacity: number;
  /** A listener that is too slow: `drop-oldest` is counted in `dropped`; `fail` ends the feed with an error. */
  readonly onFull: 'drop-oldest' | 'fail';
  readonly signal: AbortSignal | undefined;
  /** Called once, when a feed that was listened to has ended. */
  readonly onEnd: () => void;
}

class NextWaiting<T> extends Waiting<IteratorResult<T, undefined>> {
  readonly #subject: string;
  readonly #onLeave: () => void;

  constructor(room: WaitingRoom, subject: string, onLeave: () => void) {
    super(room);
    this.#subject = subject;
    this.#onLeave = onLeave;
  }

  protected describe(): string {
    return this.#subject;
  }

  protected leave(): void {
    this.#onLeave();
  }
}

/** Events for one listener, who takes them with `for await`. Bounded; it listens from the moment it is made. */
export class Feed<T> implements EventStream<T> {
  readonly #room: WaitingRoom;
  readonly #options: FeedOptions;
  readonly #abort: () => void;
  #events: T[] = [];
  #waiting: NextWaiting<T> | undefined;
  #ended = false;
  #error: unknown;
  #dropped = 0;

  constructor(room: WaitingRoom, options: FeedOptions) {
    this.#room = room;
    this.#options = options;
    const { signal, subject } = options;
    this.#abort = () => this.fail(new CancelledError(subject, signal?.reason));
    if (!signal?.aborted) {
      signal?.addEventListener('abort', this.#abort, { once: true });
      return;
    }
    this.#ended = true;
    this.#error = new CancelledError(subject, signal.reason);
  }

  /** Nothing can be pushed any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Events that the listener was too slow for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Events that wait for the listener. */
  get size(): number {
    return this.#events.length;
  }

  push(event: T): void {
    if (this.#ended) return;
    if (this.#waiting !== undefined) {
      this.#waiting.succeed({ done: false, value: event });
      return;
    }
    const { capacity, onFull, subject } = this.#options;
    if (this.#events.length < capacity) {
      this.#events.push(event);
    } else if (onFull === 'fail') {
      this.fail(new FeedOverflowError(subject, capacity));
    } else {
      this.#dropped++;
      this.#events.shift();
      this.#events.push(event);
    }
  }

  /** No more events: the loop ends after those that wait. */
  end(): void {
    if (!this.#leave()) return;
    this.#waiting?.succeed({ done: true, value: undefined });
  }

  /** The loop throws, after the events that wait. */
  fail(error: unknown): void {
    if (!this.#leave()) return;
    if (this.#waiting !== undefined) this.#waiting.fail(error);
    else this.#error = error;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#events.length > 0) {
      return Promise.resolve({ done: false, value: this.#events.shift() as T });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const waiting = new NextWaiting<T>(this.#room, this.#options.subject, () => {
      this.#waiting = undefined;
    });
    this.#waiting = waiting;
    waiting.start({ timeoutMs: Number.POSITIVE_INFINITY, signal: undefined });
    return waiting.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#events = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#options.onEnd();
    return true;
  }
}
