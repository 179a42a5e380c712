import { afterTurn } from './event-loop.ts';
import type { Door } from './flow/credit-gate.ts';
import { type Delivery, type MessageType, writeEncoded } from './message-type.ts';
import { type Prioritized, PriorityLine } from './priority-line.ts';

/** A message that waits for room in a mailbox. Its bytes are its own. */
export interface Parked extends Prioritized {
  readonly type: MessageType;
  readonly bytes: DataView;
  readonly delivery: Delivery;
  /** The mailbox took it. */
  accepted(): void;
  /** The kernel takes nothing more, or the device said why it can't take this one. */
  closed(error?: unknown): void;
}

/**
 * Senders held back by full mailboxes, one line for each instance. Who comes later stands behind those of the same
 * priority, so that the messages of a sender stay in order.
 */
export class Senders {
  readonly #door: Door;
  readonly #lines: Map<number, PriorityLine<Parked>> = new Map();

  constructor(door: Door) {
    this.#door = door;
  }

  /** How many wait in all. */
  get waiting(): number {
    let sum = 0;
    for (const line of this.#lines.values()) sum += line.size;
    return sum;
  }

  /** Whether somebody stands in line for this instance. */
  waitFor(instance: number): boolean {
    if (this.#lines.size === 0) return false;
    return (this.#lines.get(instance)?.size ?? 0) > 0;
  }

  park(instance: number, parked: Parked): void {
    const line = this.#lines.get(instance);
    if (line !== undefined) {
      line.add(parked);
      return;
    }
    const opened = new PriorityLine<Parked>();
    opened.add(parked);
    this.#lines.set(instance, opened);
    void this.#serve(instance, opened);
  }

  /** Takes one out of the line: it gave up. */
  remove(instance: number, parked: Parked): void {
    this.#lines.get(instance)?.delete(parked);
  }

  async #serve(instance: number, line: PriorityLine<Parked>): Promise<void> {
    try {
      while (line.size > 0) {
        await this.#door.room(instance);
        const moved = this.#admit(instance, line);
        // Room for a small message may be none for the one in front: others get a turn before the next try.
        if (moved === 0 && line.size > 0) await new Promise<void>(afterTurn);
      }
    } catch (error) {
      for (const parked of [...line]) parked.closed(error);
    } finally {
      this.#lines.delete(instance);
    }
  }

  #admit(instance: number, line: PriorityLine<Parked>): number {
    let moved = 0;
    for (let parked = line.first(); parked !== undefined; parked = line.first()) {
      const { type, bytes, delivery } = parked;
      const { descriptor } = type;
      const status = this.#door.inject(instance, descriptor, writeEncoded, bytes, delivery);
      if (status === 'full') break;
      line.serve(parked);
      moved++;
      if (status === 'accepted') parked.accepted();
      else parked.closed();
    }
    return moved;
  }
}
