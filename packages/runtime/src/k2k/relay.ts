import { CancelledError } from '@ringkernel/core';
import type { AnyReceived } from '../received.ts';

/** What was emitted, and what to do with it. */
export interface RelayParts {
  /** Events as they come, until the signal aborts. */
  receive(signal: AbortSignal): AsyncIterable<AnyReceived>;
  /** Resolves once the failed kernel goes on: false when it never will, or the signal aborts. */
  resumed(signal: AbortSignal): Promise<boolean>;
  /** Why nothing more comes, after this failure if there was one. */
  over(failure: unknown): unknown;
  /** Sends one on; whether it was delivered. */
  send(event: AnyReceived, payload: object): Promise<boolean>;
}

/** Takes events of a kernel and sends them on. While the kernel has failed it waits for a restart. */
export class Relay {
  /** Resolves when it takes no more: undefined when it was stopped, else why (`KernelTerminatedError`, …). */
  readonly ended: Promise<unknown>;
  readonly #stop: AbortController = new AbortController();
  #delivered = 0;
  #undelivered = 0;

  constructor(parts: RelayParts) {
    this.ended = this.#run(parts);
  }

  get delivered(): number {
    return this.#delivered;
  }

  get undelivered(): number {
    return this.#undelivered;
  }

  /** Takes no more; what it has taken is sent on. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(parts: RelayParts): Promise<unknown> {
    const { signal } = this.#stop;
    for (;;) {
      const error = await this.#take(parts);
      if (signal.aborted) return undefined;
      const goesOn = error !== undefined && (await parts.resumed(signal));
      if (!goesOn) return signal.aborted ? undefined : parts.over(error);
    }
  }

  /** Until it is stopped or nothing more comes; why. */
  async #take({ receive, send }: RelayParts): Promise<unknown> {
    try {
      for await (const event of receive(this.#stop.signal)) {
        const { type: _type, from: _from, id: _id, hlc: _hlc, ...rest } = event;
        const { priority: _priority, correlation: _correlation, ...payload } = rest;
        if (await send(event, payload)) this.#delivered++;
        else this.#undelivered++;
        if (this.#stop.signal.aborted) return undefined;
      }
      return undefined;
    } catch (error) {
      return error instanceof CancelledError && this.#stop.signal.aborted ? undefined : error;
    }
  }
}
