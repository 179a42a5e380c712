import { InvalidOptionError } from '@ringkernel/core';
import type { AnyReceived } from './received.ts';
import { Waiting, type WaitingRoom } from './waiting.ts';

/** Somebody who fetches the reply with a certain correlation. */
class Fetch extends Waiting<AnyReceived> {
  readonly #correlation: bigint;
  readonly #kernelId: string;
  readonly #onLeave: () => void;

  constructor(room: WaitingRoom, kernelId: string, correlation: bigint, onLeave: () => void) {
    super(room);
    this.#kernelId = kernelId;
    this.#correlation = correlation;
    this.#onLeave = onLeave;
  }

  protected describe(): string {
    return `the reply with correlation ${this.#correlation} from kernel '${this.#kernelId}'`;
  }

  protected leave(): void {
    this.#onLeave();
  }
}

/** A correlation that was sent: nothing yet, its reply, or why none comes; and who waits for it. */
interface Outcome {
  /** Who was asked. */
  readonly instance: number;
  reply: AnyReceived | undefined;
  error: unknown;
  fetch: Fetch | undefined;
}

/**
 * Replies to messages sent with a correlation, kept until they are fetched. Bounded: the oldest reply that nobody
 * fetches gives way, or else the oldest that has not come.
 */
export class Correlations {
  readonly capacity: number;
  readonly #room: WaitingRoom;
  readonly #kernelId: string;
  readonly #onEvict: (reply: AnyReceived) => void;
  readonly #outcomes: Map<bigint, Outcome> = new Map();

  constructor(
    room: WaitingRoom,
    kernelId: string,
    capacity: number,
    onEvict: (reply: AnyReceived) => void,
  ) {
    this.#room = room;
    this.#kernelId = kernelId;
    this.capacity = capacity;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#outcomes.size;
  }

  /** Refuses a correlation whose reply has not been fetched yet. */
  check(correlation: bigint): void {
    if (!this.#outcomes.has(correlation)) return;
    throw new InvalidOptionError('correlation', 'one that is not in use', correlation, {
      hint: 'fetch its reply first',
    });
  }

  /** A message with this correlation is on its way. */
  expect(correlation: bigint, instance: number): void {
    if (this.#outcomes.size >= this.capacity) this.#evict();
    const nothing = { reply: undefined, error: undefined, fetch: undefined };
    this.#outcomes.set(correlation, { instance, ...nothing });
  }

  /**
   * Sends a message again that had failed. Who has not fetched its failure yet gets the reply; when it can't be sent,
   * the failure stays.
   */
  async again(correlation: bigint, send: () => Promise<bigint>): Promise<bigint> {
    const told = this.#outcomes.get(correlation);
    if (told?.error === undefined) return await send();
    this.#outcomes.delete(correlation);
    try {
      return await send();
    } catch (error) {
      if (!this.#outcomes.has(correlation)) this.#outcomes.set(correlation, told);
      throw error;
    }
  }

  /** The message was not sent after all. */
  forget(correlation: bigint): void {
    this.#outcomes.delete(correlation);
  }

  /** Keeps a reply, or hands it to who waits for it. False: nobody wants it. */
  deliver(correlation: bigint, reply: AnyReceived): boolean {
    const outcome = this.#outcomes.get(correlation);
    if (outcome === undefined || outcome.reply !== undefined) return false;
    outcome.reply = reply;
    outcome.fetch?.succeed(reply);
    return true;
  }

  /** No reply will come. */
  fail(correlation: bigint, error: unknown): void {
    const outcome = this.#outcomes.get(correlation);
    if (outcome === undefined || outcome.reply !== undefined) return;
    outcome.error = error;
    outcome.fetch?.fail(error);
  }

  /** The reply; a time-out leaves it to be fetched later. */
  fetch(correlation: bigint, timeoutMs: number, signal?: AbortSignal): Promise<AnyReceived> {
    const outcome = this.#outcomes.get(correlation);
    if (outcome === undefined || outcome.fetch !== undefined) {
      const wanted = 'one that was sent, and whose reply nobody fetched or is fetching';
      return Promise.reject(new InvalidOptionError('correlation', wanted, correlation));
    }
    if (outcome.reply !== undefined || outcome.error !== undefined) {
      this.#outcomes.delete(correlation);
      if (outcome.reply !== undefined) return Promise.resolve(outcome.reply);
      return Promise.reject(outcome.error);
    }
    const fetch = new Fetch(this.#room, this.#kernelId, correlation, () => {
      outcome.fetch = undefined;
      const settled = outcome.reply !== undefined || outcome.error !== undefined;
      if (settled) this.#outcomes.delete(correlation);
    });
    outcome.fetch = fetch;
    fetch.start({ timeoutMs, signal });
    return fetch.promise;
  }

  /** What was asked of an instance is gone. */
  failInstance(error: unknown, instance: number): void {
    for (const [correlation, outcome] of [...this.#outcomes]) {
      if (outcome.instance === instance) this.fail(correlation, error);
    }
  }

  /** The kernel ended: no reply will come any more. */
  failAll(error: unknown): void {
    for (const correlation of [...this.#outcomes.keys()]) this.fail(correlation, error);
  }

  #evict(): void {
    let oldest: bigint | undefined;
    for (const [correlation, { reply, fetch }] of this.#outcomes) {
      if (fetch !== undefined) continue;
      oldest ??= correlation;
      if (reply === undefined) continue;
      oldest = correlation;
      this.#onEvict(reply);
      break;
    }
    if (oldest !== undefined) this.#outcomes.delete(oldest);
  }
}
