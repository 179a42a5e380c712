import { CancelledError, TimeoutError } from '../errors/operation.ts';
import { longestTimerMs } from '../longest-timer.ts';
import { type Bell, lookAgainMs } from './bell.ts';
import { checkedTimeout } from './blocking-wait.ts';

/** How a promise of a queue may end early. */
export interface PendingOptions {
  /** Without it the operation waits for as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Operation {
  /** Undefined: not yet. Throws when it never will. */
  readonly attempt: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Operations that wait on one bell without blocking, first come, first served. A timer that makes them look again
 * keeps the event loop alive too: `Atomics.waitAsync` alone does not.
 */
export class PendingOperations {
  readonly #bell: Bell;
  readonly #operations: Operation[] = [];
  #pumping = false;

  constructor(bell: Bell) {
    this.#bell = bell;
  }

  get count(): number {
    return this.#operations.length;
  }

  /** The first result of `attempt`, in turn. Rejects with `TimeoutError`, `CancelledError` or what `attempt` throws. */
  async add<R>(attempt: () => R | undefined, name: string, options: PendingOptions): Promise<R> {
    const { timeoutMs, signal } = options;
    const limit = checkedTimeout(timeoutMs);
    if (signal?.aborted) throw new CancelledError(name, signal.reason);
    if (this.#operations.length === 0) {
      const result = attempt();
      if (result !== undefined) return result;
    }
    return new Promise<R>((resolve, reject) => {
      const timer =
        limit <= longestTimerMs // a longer wait is one without an end
          ? setTimeout(() => end(new TimeoutError(name, limit)), limit)
          : undefined;
      const abort = () => end(new CancelledError(name, signal?.reason));
      const stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const operation: Operation = {
        attempt,
        resolve: (result) => {
          stop();
          resolve(result as R);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      const end = (error: unknown) => this.#remove(operation, error);
      signal?.addEventListener('abort', abort);
      this.#operations.push(operation);
      if (!this.#pumping) void this.#pump();
    });
  }

  #remove(operation: Operation, error: unknown): void {
    const index = this.#operations.indexOf(operation);
    if (index < 0) return;
    this.#operations.splice(index, 1);
    operation.reject(error);
    if (this.#operations.length === 0) this.#bell.wake(); // The pump sees that nobody waits any more.
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    const again = setInterval(() => this.#bell.wake(), lookAgainMs);
    while (this.#operations.length > 0) {
      this.#bell.arm();
      if (this.#serve()) continue;
      try {
        await this.#bell.rung();
      } catch (error) {
        for (const operation of this.#operations.splice(0)) operation.reject(error);
      }
    }
    clearInterval(again);
    this.#pumping = false;
  }

  /** Lets the first operation try; whether it came to an end. */
  #serve(): boolean {
    const operation = this.#operations[0] as Operation;
    try {
      const result = operation.attempt();
      if (result === undefined) return false;
      this.#operations.shift();
      operation.resolve(result);
    } catch (error) {
      this.#operations.shift();
      operation.reject(error);
    }
    return true;
  }
}
