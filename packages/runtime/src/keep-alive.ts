import type { Device } from '@ringkernel/core';
import { afterTurn } from './event-loop.ts';

/**
 * Keeps the process alive while somebody waits. The device is let go a turn of the event loop after the last one, so
 * that one call after the other does not take and drop it each time.
 */
export class KeepAlive {
  readonly #device: Device;
  #waiting = 0;
  #held = false;
  #scheduled = false;

  constructor(device: Device) {
    this.#device = device;
  }

  hold(): void {
    this.#waiting++;
    if (this.#held) return;
    this.#held = true;
    this.#device.ref();
  }

  release(): void {
    this.#waiting--;
    if (this.#waiting > 0 || this.#scheduled) return;
    this.#scheduled = true;
    afterTurn(() => {
      this.#scheduled = false;
      if (this.#waiting > 0 || !this.#held) return;
      this.#held = false;
      this.#device.unref();
    });
  }

  /** Holds while the work goes on. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.hold();
    try {
      return await work;
    } finally {
      this.release();
    }
  }
}
