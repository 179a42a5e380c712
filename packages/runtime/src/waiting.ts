import { CancelledError, TimeoutError } from '@ringkernel/core';
import { type Deadlines, Expiring } from './deadlines.ts';
import type { KeepAlive } from './keep-alive.ts';

/** What all waits of a runtime share. */
export interface WaitingRoom {
  readonly deadlines: Deadlines;
  readonly keepAlive: KeepAlive;
}

/** The most somebody waits, and what ends it early. */
export interface WaitLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What stands there until the promise exists; one for all, since there are very many waits. */
const nothing = (): void => {};

/**
 * One wait of somebody: ends with a value, an error, its time-out or its signal, whichever is first. From `start` to
 * then the process stays alive.
 */
export abstract class Waiting<T> extends Expiring {
  readonly promise: Promise<T>;
  protected readonly room: WaitingRoom;
  #timeoutMs = 0;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;
  #resolve: (value: T) => void = nothing;
  #reject: (error: unknown) => void = nothing;
  #state: 'new' | 'waiting' | 'ended' = 'new';

  constructor(room: WaitingRoom) {
    super();
    this.room = room;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** What is waited for, as errors call it. */
  protected abstract describe(): string;

  /** The wait is over, however it ended: called once, before anybody hears of it. */
  protected abstract leave(): void;

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  start({ timeoutMs, signal }: WaitLimits): void {
    this.#state = 'waiting';
    this.room.keepAlive.hold();
    this.#timeoutMs = timeoutMs;
    this.room.deadlines.add(this, timeoutMs);
    if (signal === undefined) return;
    const abort = () => this.fail(new CancelledError(this.describe(), signal.reason));
    this.#signal = signal;
    this.#onAbort = abort;
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  succeed(value: T): void {
    if (this.#end()) this.#resolve(value);
  }

  fail(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  expire(): void {
    this.fail(this.timedOut(this.#timeoutMs));
  }

  protected timedOut(timeoutMs: number): Error {
    return new TimeoutError(this.describe(), timeoutMs);
  }

  #end(): boolean {
    if (this.#state !== 'waiting') return false;
    this.#state = 'ended';
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.room.deadlines.remove(this);
    this.room.keepAlive.release();
    this.leave();
    return true;
  }
}
