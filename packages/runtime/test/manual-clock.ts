import type { SupervisionClock } from '@ringkernel/runtime';

/** Time that passes when the test says so. */
export class ManualClock implements SupervisionClock {
  #nowMs = 0;
  readonly #alarms: Set<{ readonly dueMs: number; readonly callback: () => void }> = new Set();

  /** Alarms that have not gone off. */
  get waiting(): number {
    return this.#alarms.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm = { dueMs: this.#nowMs + delayMs, callback };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const alarm of [...this.#alarms]) {
      if (alarm.dueMs > this.#nowMs) continue;
      this.#alarms.delete(alarm);
      alarm.callback();
    }
  }
}
