import { isExpired } from '@ringkernel/core';
import type { Outbox } from './outbox.ts';

/** The time in an engine's turns: read seldom, and shared out among the kernels that handled something. */
export class TurnClock {
  readonly #outbox: Outbox;
  readonly #epochMs: number;
  #sinceUs = 0;
  #deadlineNow = 0;

  constructor(outbox: Outbox, epochMs: number) {
    this.#outbox = outbox;
    this.#epochMs = epochMs;
  }

  /** Reads the wall and shares the time since the last reading out among the kernels that handled something. */
  read(): void {
    const { clock } = this.#outbox;
    const before = this.#sinceUs;
    clock.refresh();
    this.#sinceUs = clock.nowUs;
    this.#deadlineNow = 0;
    this.share(this.#sinceUs - before);
  }

  /** The next deadline is compared with the time as it is then. */
  forget(): void {
    this.#deadlineNow = 0;
  }

  late(deadlineMs: number): boolean {
    const { clock } = this.#outbox;
    if (clock.lockstep) return isExpired(deadlineMs, clock.nowUs);
    if (this.#deadlineNow === 0) this.#deadlineNow = Date.now() - this.#epochMs;
    return isExpired(deadlineMs, this.#deadlineNow);
  }

  /** Shares time spent among the kernels that handled something meanwhile. */
  share(elapsedUs: number): void {
    const { busy } = this.#outbox;
    let handled = 0;
    for (const meter of busy) handled += meter.busyShare;
    for (const meter of busy) {
      meter.busy((elapsedUs * meter.busyShare) / handled);
      meter.busyShare = 0;
    }
    busy.length = 0;
  }
}
