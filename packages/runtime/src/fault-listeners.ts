import { InvalidOptionError } from '@ringkernel/core';
import type { KernelFault } from './faults.ts';

export type FaultListener = (fault: KernelFault) => void;

/** Who is called for each fault of a runtime. */
export class FaultListeners {
  readonly #listeners: Set<FaultListener> = new Set();

  /** Until the returned function is called. Throws `InvalidOptionError`. */
  add(listener: FaultListener): () => void {
    if (typeof listener !== 'function') {
      throw new InvalidOptionError('listener', 'a function', listener);
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(fault: KernelFault): void {
    for (const listener of this.#listeners) {
      try {
        listener(fault);
      } catch (error) {
        // The device's pump must go on; the listener's mistake is the program's like any other.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
