/** Messages between the one who reads the connection and the one who takes them; bounded, first come first served. */
export class Inbox {
  readonly #capacity: number;
  readonly #messages: Uint8Array[] = [];
  #end: { readonly error: unknown } | null = null;
  #taker: (() => void) | null = null;
  #giver: (() => void) | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves when there is room for another one, so that the connection is not read faster than messages are taken. */
  async put(message: Uint8Array): Promise<void> {
    if (this.#end !== null) return; // nobody wants it any more
    this.#messages.push(message);
    wake(this.#taker);
    while (this.#messages.length >= this.#capacity && this.#end === null) {
      await new Promise<void>((resolve) => {
        this.#giver = resolve;
      });
    }
  }

  /** Nothing more will come; with an error it is thrown to who has taken the rest. */
  close(error?: unknown): void {
    this.#end ??= { error };
    wake(this.#taker);
    wake(this.#giver);
  }

  /** The oldest message; undefined when there will be none any more. */
  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        wake(this.#giver);
        return message;
      }
      if (this.#end !== null) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        const before = this.#taker;
        this.#taker = () => {
          before?.();
          resolve();
        };
      });
    }
  }
}

function wake(sleeper: (() => void) | null): void {
  sleeper?.();
}
