import type { Session } from 'node:inspector';

/**
 * V8's own inspector, in this process, without opening a port. It is not there under `node --permission`, in a
 * browser, and in other engines; then `open` gives null and everything that needs it goes without.
 */

/** The inspector answers in JSON of many shapes. */
// biome-ignore lint/suspicious/noExplicitAny: answers are checked where they are used.
export type Answer = any;

/** A node built-in without importing it: this file is loaded where there are none. */
export function builtin<T>(id: string): T | undefined {
  if (typeof process === 'undefined') return undefined;
  return (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule?.(id) as
    | T
    | undefined;
}

export class Inspector {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static open(): Inspector | null {
    const inspector = builtin<typeof import('node:inspector')>('node:inspector');
    if (inspector === undefined) return null;
    try {
      const session = new inspector.Session();
      session.connect();
      return new Inspector(session);
    } catch {
      return null; // Not permitted.
    }
  }

  /** Sends one command. The in-process inspector answers before `post` returns. */
  command(method: string, params: object = {}): Answer {
    let error: Error | null = null;
    let answer: Answer;
    this.#session.post(method, params, (e: Error | null, a?: object) => {
      error = e;
      answer = a;
    });
    if (error !== null) throw error;
    return answer;
  }

  /** What an event tells while `run` runs. */
  events(event: string, run: () => void): Answer[] {
    const heard: Answer[] = [];
    const listener = ({ params }: Answer): void => {
      heard.push(params);
    };
    this.#session.on(event, listener);
    try {
      run();
    } finally {
      this.#session.off(event, listener);
    }
    return heard;
  }

  /** Ends the session; V8 forgets every object it held for it. */
  close(): void {
    this.#session.disconnect();
  }
}
