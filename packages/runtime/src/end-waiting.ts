import { Waiting, type WaitingRoom } from './waiting.ts';

/** Somebody who waits for the end of a kernel. */
export class EndWaiting extends Waiting<void> {
  readonly #id: string;
  readonly #onLeave: (waiting: EndWaiting) => void;

  constructor(room: WaitingRoom, id: string, onLeave: (waiting: EndWaiting) => void) {
    super(room);
    this.#id = id;
    this.#onLeave = onLeave;
  }

  protected describe(): string {
    return `the end of kernel '${this.#id}'`;
  }

  protected leave(): void {
    this.#onLeave(this);
  }
}
