import type { Readable, Writable } from 'node:stream';

/** What the browser says without being asked. */
export interface Event {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

type Answer = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The DevTools protocol over a pair of pipes: JSON, each message with a zero at its end. No port is opened. */
export class DevTools {
  readonly #to: Writable;
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #listeners: Set<(event: Event) => void> = new Set();
  #last = 0;
  #rest = '';
  #ended: Error | null = null;

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    // A pipe breaks when the process ends, and that tells more.
    to.on('error', () => {});
    from.on('error', () => {});
    from.setEncoding('utf8').on('data', (text: string) => this.#take(text));
  }

  onEvent(listener: (event: Event) => void): void {
    this.#listeners.add(listener);
  }

  /** Rejects with what the browser has against it, or when it ends. */
  command(method: string, params: object = {}, sessionId?: string): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** The browser is gone: whoever waits is told. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #take(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) this.#hear(JSON.parse(message));
  }

  #hear(message: Event & { id?: number; result?: Answer; error?: { message: string } }): void {
    const { id, result = {}, error } = message;
    if (id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}
