import type { AnyReceived } from './received.ts';

/** What a receiver takes: everything, or only of one type or one instance. */
export interface Filter {
  readonly type: string | undefined;
  readonly instance: number | undefined;
}

function matches(message: AnyReceived, { type, instance }: Filter): boolean {
  return (
    (type === undefined || message.type === type) &&
    (instance === undefined || message.from === instance)
  );
}

/** Somebody who waits for a message. */
export interface Receiver {
  readonly filter: Filter;
  deliver(message: AnyReceived): void;
}

/** A message in the queue. Taken out of the middle, it stays as a hole until the first one passes it. */
interface Entry {
  message: AnyReceived | null;
}

/**
 * What a kernel tells the host, waiting for somebody to receive it. Bounded: the oldest gives way. Receivers wait in
 * the order in which they came, and each gets the oldest message that it takes.
 */
export class OutputQueue {
  readonly capacity: number;
  readonly #onOverflow: (oldest: AnyReceived) => void;
  #entries: Entry[] = [];
  #first = 0;
  #size = 0;
  readonly #receivers: Set<Receiver> = new Set();

  constructor(capacity: number, onOverflow: (oldest: AnyReceived) => void) {
    this.capacity = capacity;
    this.#onOverflow = onOverflow;
  }

  /** Messages that wait. */
  get size(): number {
    return this.#size;
  }

  /** Hands the message to the first receiver that takes it, or keeps it. */
  push(message: AnyReceived): void {
    for (const receiver of this.#receivers) {
      if (!matches(message, receiver.filter)) continue;
      this.#receivers.delete(receiver);
      receiver.deliver(message);
      return;
    }
    this.#entries.push({ message });
    this.#size++;
    if (this.#size > this.capacity) this.#onOverflow(this.#shift() as AnyReceived);
  }

  /** The oldest message that the filter takes, if one is here. */
  take(filter: Filter): AnyReceived | undefined {
    if (filter.type === undefined && filter.instance === undefined) return this.#shift();
    for (let i = this.#first; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      if (entry.message === null || !matches(entry.message, filter)) continue;
      const { message } = entry;
      entry.message = null;
      this.#size--;
      this.#compact();
      return message;
    }
    return undefined;
  }

  wait(receiver: Receiver): void {
    this.#receivers.add(receiver);
  }

  leave(receiver: Receiver): void {
    this.#receivers.delete(receiver);
  }

  #shift(): AnyReceived | undefined {
    while (this.#first < this.#entries.length) {
      const entry = this.#entries[this.#first++] as Entry;
      const { message } = entry;
      if (message === null) continue;
      entry.message = null;
      this.#size--;
      this.#compact();
      return message;
    }
    this.#compact();
    return undefined;
  }

  /** Lets go of the holes once they are the greater part: what it costs is paid for by as many takes. */
  #compact(): void {
    if (this.#size === 0) {
      this.#entries.length = 0;
      this.#first = 0;
    } else if (this.#entries.length > 2 * this.#size + 64) {
      this.#entries = this.#entries.slice(this.#first).filter(({ message }) => message !== null);
      this.#first = 0;
    }
  }
}
