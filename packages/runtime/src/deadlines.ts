import { longestTimerMs } from '@ringkernel/core';
import { backgroundTimer } from './event-loop.ts';

/** Something that waits and may wait too long. A subclass is a link of the list it waits in. */
export abstract class Expiring {
  /** The links of `Deadlines`; nobody else touches them. */
  previous: Expiring | null = null;
  next: Expiring | null = null;
  lane: Lane | null = null;
  dueMs = 0;

  /** Called once, when the time is over. */
  abstract expire(): void;
}

/** All that wait for the same time, the oldest first: that is also the order in which they expire. */
interface Lane {
  readonly timeoutMs: number;
  first: Expiring | null;
  last: Expiring | null;
}

/**
 * Time-outs of very many short waits: adding and removing is a change of two links, and one timer serves all.
 * The timer does not keep the process alive; whoever waits keeps the device alive. It is not stopped when the wait
 * it was set for is over, since the next one will probably need it.
 */
export class Deadlines {
  readonly #lanes: Map<number, Lane> = new Map();
  #stopTimer: (() => void) | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  /** Waits at most `timeoutMs`, a number above 0; infinity is for ever. */
  add(waiting: Expiring, timeoutMs: number): void {
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    let lane = this.#lanes.get(timeoutMs);
    if (lane === undefined) {
      lane = { timeoutMs, first: null, last: null };
      this.#lanes.set(timeoutMs, lane);
    }
    waiting.lane = lane;
    waiting.dueMs = performance.now() + timeoutMs;
    waiting.previous = lane.last;
    if (lane.last === null) lane.first = waiting;
    else lane.last.next = waiting;
    lane.last = waiting;
    if (waiting.dueMs < this.#timerDueMs) this.#arm(waiting.dueMs);
  }

  /** Waits no more. */
  remove(waiting: Expiring): void {
    const { lane, previous, next } = waiting;
    if (lane === null) return;
    if (previous === null) lane.first = next;
    else previous.next = next;
    if (next === null) lane.last = previous;
    else next.previous = previous;
    waiting.lane = null;
    waiting.previous = null;
    waiting.next = null;
  }

  /** Stops the timer. Nothing expires any more. */
  close(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #arm(dueMs: number): void {
    this.#stopTimer?.();
    this.#timerDueMs = dueMs;
    const inMs = Math.min(Math.max(dueMs - performance.now(), 1), longestTimerMs);
    this.#stopTimer = backgroundTimer(() => this.#fire(), Math.ceil(inMs));
  }

  #fire(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    const due: Expiring[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [timeoutMs, lane] of this.#lanes) {
      while (lane.first !== null && lane.first.dueMs <= nowMs) {
        due.push(lane.first);
        this.remove(lane.first);
      }
      if (lane.first === null) this.#lanes.delete(timeoutMs);
      else nextMs = Math.min(nextMs, lane.first.dueMs);
    }
    if (nextMs < this.#timerDueMs) this.#arm(nextMs);
    due.sort((a, b) => a.dueMs - b.dueMs);
    for (const waiting of due) waiting.expire();
  }
}
