import type {
  DeviceKernel,
  InjectOptions,
  InjectStatus,
  MessageDescriptor,
  PayloadWriter,
} from '@ringkernel/core';
import type { Door } from './credit-gate.ts';

/** Counts what the mailboxes took from the host, so that the rest of what was sent is known to come from actors. */
export class CountedDoor implements Door {
  readonly #door: Door;
  #taken = 0;

  constructor(door: Door) {
    this.#door = door;
  }

  get taken(): number {
    return this.#taken;
  }

  get lastMessageId(): DeviceKernel['lastMessageId'] {
    return this.#door.lastMessageId;
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    const status = this.#door.inject(instance, message, write, value, options);
    if (status === 'accepted') this.#taken++;
    return status;
  }

  room(instance: number): Promise<void> {
    return this.#door.room(instance);
  }
}
