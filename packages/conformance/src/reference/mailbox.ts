import type { DeadLetterReason, FullPolicy } from '@ringkernel/core';

/** One message at rest in the reference machine. */
export interface ReferenceMessage {
  readonly type: number;
  readonly source: number;
  /** Who put it in transit: 0, the host, also when it did so in the name of its source. */
  readonly origin: number;
  readonly destination: number;
  readonly priority: number;
  readonly wantsReply: boolean;
  readonly correlationLow: number;
  readonly correlationHigh: number;
  readonly deadlineMs: number;
  /** Round in which it was sent: its stamp. */
  readonly round: number;
  readonly payload: Uint8Array;
}

/** The bounded mailbox of one instance, and what is parked behind it. */
export class Mailbox {
  readonly waiting: ReferenceMessage[] = [];
  readonly parked: ReferenceMessage[] = [];
  readonly #capacity: number;
  readonly #onFull: FullPolicy;
  readonly #drop: (message: ReferenceMessage, reason: DeadLetterReason) => void;

  constructor(
    capacity: number,
    onFull: FullPolicy,
    drop: (message: ReferenceMessage, reason: DeadLetterReason) => void,
  ) {
    this.#capacity = capacity;
    this.#onFull = onFull;
    this.#drop = drop;
  }

  get full(): boolean {
    return this.waiting.length >= this.#capacity;
  }

  /** Lets parked messages in, oldest first, as far as there is room. */
  admitParked(): void {
    while (this.parked.length > 0 && !this.full)
      this.waiting.push(this.parked.shift() as ReferenceMessage);
  }

  deliver(message: ReferenceMessage): void {
    if (!this.full && this.parked.length === 0) this.waiting.push(message);
    else if (this.#onFull === 'wait') this.parked.push(message);
    else if (this.#onFull === 'reject') this.#drop(message, 'queue-full');
    else {
      this.#drop(this.#removeLeastUrgent(), 'queue-full');
      this.waiting.push(message);
    }
  }

  /** Empties the mailbox in handling order: most urgent first, then in order of arrival. */
  takeAll(): ReferenceMessage[] {
    const taken = this.waiting.splice(0);
    return taken.sort((a, b) => b.priority - a.priority); // Array.prototype.sort is stable
  }

  #removeLeastUrgent(): ReferenceMessage {
    const lowest = Math.min(...this.waiting.map((m) => m.priority));
    const at = this.waiting.findIndex((m) => m.priority === lowest);
    return this.waiting.splice(at, 1)[0] as ReferenceMessage;
  }
}
