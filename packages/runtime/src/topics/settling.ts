import { Waiting, type WaitingRoom } from '../waiting.ts';

/** Somebody who waits until nothing waits for a subscriber. */
export class Settling extends Waiting<void> {
  readonly #onLeave: (waiting: Settling) => void;

  constructor(room: WaitingRoom, onLeave: (waiting: Settling) => void) {
    super(room);
    this.#onLeave = onLeave;
  }

  protected describe(): string {
    return 'the deliveries to the subscribers of topics';
  }

  protected leave(): void {
    this.#onLeave(this);
  }
}
