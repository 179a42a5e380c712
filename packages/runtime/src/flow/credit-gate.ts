import {
  acceptsMessages,
  type DeviceKernel,
  type InjectOptions,
  type InjectStatus,
  type MessageDescriptor,
  type PayloadWriter,
} from '@ringkernel/core';
import { backgroundTimer } from '../event-loop.ts';

/** Where messages go in to a kernel. */
export type Door = Pick<DeviceKernel, 'inject' | 'room' | 'lastMessageId'>;

/** How often senders who are held back look whether they may go on. */
const lookMs = 1;

/**
 * Holds host senders back before the mailboxes are full. Credits are granted up to the high-water mark of what waits
 * in the whole kernel, and every message taken spends one; once that many wait, there are none until no more than the
 * low-water mark wait. The kernel's counters are read only when all credits are spent.
 */
export class CreditGate implements Door {
  readonly highWater: number;
  readonly #lowWater: number;
  readonly #device: DeviceKernel;
  #credits = 0;
  #held = false;
  #holds = 0;

  constructor(device: DeviceKernel, highWater: number, lowWater: number) {
    this.#device = device;
    this.highWater = highWater;
    this.#lowWater = lowWater;
  }

  get lastMessageId(): DeviceKernel['lastMessageId'] {
    return this.#device.lastMessageId;
  }

  /** Messages that will be taken before the next look. */
  get credits(): number {
    return this.#credits;
  }

  /** Whether senders are held back now. */
  get held(): boolean {
    return this.#held;
  }

  /** How often the high-water mark was reached. */
  get holds(): number {
    return this.#holds;
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    if (this.#credits === 0 && !this.#grant()) return 'full';
    const status = this.#device.inject(instance, message, write, value, options);
    if (status === 'accepted' && this.#credits > 0) this.#credits--;
    return status;
  }

  async room(instance: number): Promise<void> {
    while (this.#credits === 0 && !this.#grant()) {
      await new Promise<void>((resolve) => backgroundTimer(resolve, lookMs));
    }
    await this.#device.room(instance);
  }

  /** Whether a message may go on to the mailbox; an ended kernel says by itself that it takes none. */
  #grant(): boolean {
    if (!acceptsMessages(this.#device.state)) return true;
    const { pending } = this.#device.counters();
    if (pending > (this.#held ? this.#lowWater : this.highWater - 1)) {
      if (!this.#held) this.#holds++;
      this.#held = true;
      return false;
    }
    this.#held = false;
    this.#credits = this.highWater - pending;
    return true;
  }
}
