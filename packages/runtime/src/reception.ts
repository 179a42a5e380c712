import { CancelledError } from '@ringkernel/core';
import type { Filter, OutputQueue, Receiver } from './output-queue.ts';
import type { AnyReceived } from './received.ts';
import { Waiting, type WaitingRoom } from './waiting.ts';

/** How long a receive waits by default, milliseconds. */
export const receiveTimeoutMs = 30_000;

/** How a kernel's life ends for those who receive from it: by itself, or with an error. */
export interface Ending {
  readonly graceful: boolean;
  error(operation: string): Error;
}

/** Whom receptions receive from. */
export interface ReceptionContext {
  readonly id: string;
  readonly output: OutputQueue;
  readonly room: WaitingRoom;
  /** Set once nothing more will come. */
  readonly ending: Ending | undefined;
  /** Waits that end with the kernel. */
  readonly receivers: Set<ReceiveWaiting>;
}

/** A wait for one message. */
export class ReceiveWaiting extends Waiting<AnyReceived> implements Receiver {
  readonly filter: Filter;
  readonly #context: ReceptionContext;

  constructor(context: ReceptionContext, filter: Filter) {
    super(context.room);
    this.filter = filter;
    this.#context = context;
    context.receivers.add(this);
    context.output.wait(this);
  }

  deliver(message: AnyReceived): void {
    this.succeed(message);
  }

  end(ending: Ending): void {
    this.fail(ending.error(this.describe()));
  }

  protected describe(): string {
    return describeReceive(this.#context.id, this.filter);
  }

  protected leave(): void {
    this.#context.receivers.delete(this);
    this.#context.output.leave(this);
  }
}

function describeReceive(id: string, { type, instance }: Filter): string {
  const from = instance === undefined ? '' : `instance ${instance} of `;
  return `receive ${type ?? 'a message'} from ${from}kernel '${id}'`;
}

export interface ReceptionLimits {
  /** Undefined: the default for one message, no limit for an iteration. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Messages from a kernel: `await` gives the next one, `for await` one after the other until the kernel ends. Nothing
 * is taken from the queue before that.
 */
export class Reception<T> implements PromiseLike<T>, AsyncIterable<T> {
  readonly #context: ReceptionContext;
  readonly #filter: Filter;
  readonly #limits: ReceptionLimits;
  #first: Promise<AnyReceived> | undefined;

  constructor(context: ReceptionContext, filter: Filter, limits: ReceptionLimits) {
    this.#context = context;
    this.#filter = filter;
    this.#limits = limits;
  }

  then<A = T, B = never>(
    onFulfilled?: ((message: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#first ??= this.#next(this.#limits.timeoutMs ?? receiveTimeoutMs);
    return (this.#first as Promise<T>).then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { output } = this.#context;
    for (;;) {
      const { ending } = this.#context;
      const message = output.take(this.#filter);
      if (message !== undefined) yield message as T;
      else if (ending === undefined) {
        const next = await this.#nextUnlessEnded();
        if (next !== undefined) yield next as T;
      } else if (ending.graceful) return;
      else throw ending.error(describeReceive(this.#context.id, this.#filter));
    }
  }

  async #nextUnlessEnded(): Promise<AnyReceived | undefined> {
    try {
      return await this.#next(this.#limits.timeoutMs ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      // The loop looks at what is left and then at how the kernel ended.
      if (this.#context.ending !== undefined) return undefined;
      throw error;
    }
  }

  #next(timeoutMs: number): Promise<AnyReceived> {
    const { signal } = this.#limits;
    const operation = () => describeReceive(this.#context.id, this.#filter);
    if (signal?.aborted) return Promise.reject(new CancelledError(operation(), signal.reason));
    const message = this.#context.output.take(this.#filter);
    if (message !== undefined) return Promise.resolve(message);
    const { ending } = this.#context;
    if (ending !== undefined) return Promise.reject(ending.error(operation()));
    const waiting = new ReceiveWaiting(this.#context, this.#filter);
    waiting.start({ timeoutMs, signal });
    return waiting.promise;
  }
}
