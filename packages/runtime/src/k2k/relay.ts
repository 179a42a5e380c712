import { CancelledError } from '@ringkernel/core';
import type { AnyReceived } from '../received.ts';

/** What was emitted, and what to do with it. */
export interface RelayParts {
  /** Events as they come, until the signal aborts. */
  receive(signal: AbortSignal): AsyncIterable<AnyReceived>;
  /** Sends one on; whether it was delivered. */
  send(event: AnyReceived, payload: object): Promise<boolean>;
}

/** Takes events of a kernel and sends them on. */
export class Relay {
  /** Resolves when it takes no more: undefined when it was stopped or the kernel ended by itself, else the error. */
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

  async #run({ receive, send }: RelayParts): Promise<unknown> {
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
