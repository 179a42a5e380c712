import { StuckHandlerError } from '../errors.ts';
import { controlWords } from '../layout/device.ts';
import type { CudaOptions } from '../options.ts';
import { nowUs } from './clock.ts';

/** After this time a handler that was to be ended at `handlerTimeoutMs` won't end any more; 0 = it may run for ever. */
export function stuckAfterMs(handlerTimeoutMs: number): number {
  return handlerTimeoutMs === 0 ? 0 : 2 * handlerTimeoutMs + 1_000;
}

/**
 * Looks for handlers that go on although they were to end: one without a loop that asks, or one that hangs elsewhere. A
 * GPU can't take them off. The dispatcher looks at its workers and tells; in lockstep the host sees each handler begin.
 */
export class HandlerWatch {
  addressee: (address: number) => string = (address) => `address ${address}`;
  readonly #control: Int32Array;
  readonly #lockstep: boolean;
  readonly #afterMs: number;
  #handlers = 0;
  #sinceUs = 0;

  constructor(
    control: Int32Array,
    settings: { readonly lockstep: boolean; readonly options: CudaOptions },
  ) {
    this.#control = control;
    this.#lockstep = settings.lockstep;
    this.#afterMs = stuckAfterMs(settings.options.handlerTimeoutMs);
  }

  /** Something was started: its handlers count from here. */
  begin(): void {
    this.#sinceUs = nowUs();
  }

  /** Throws a `StuckHandlerError` when a handler does not end. */
  check(): void {
    if (this.#afterMs === 0) return;
    const address = this.#lockstep ? this.#handling() : this.#read(controlWords.stuck);
    if (address !== 0) throw new StuckHandlerError(this.addressee(address), this.#afterMs);
  }

  #handling(): number {
    const handlers = this.#read(controlWords.handlers);
    if (handlers !== this.#handlers) {
      this.#handlers = handlers;
      this.#sinceUs = nowUs();
    }
    const late = nowUs() - this.#sinceUs > this.#afterMs * 1_000;
    return late ? this.#read(controlWords.handling) : 0;
  }

  #read(word: number): number {
    return Atomics.load(this.#control, word) >>> 0;
  }
}
