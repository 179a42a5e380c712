import type { SupervisorSettings } from './options.ts';

/** Counts restarts: how many fall into the window, and how long the next one of a child is put off. */
export class RestartLog<C> {
  readonly #settings: SupervisorSettings;
  #times: number[] = [];
  readonly #ofChild: Map<C, number[]> = new Map();

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
  }

  /** Notes a restart; false when there were as many as allowed already. */
  note(child: C): boolean {
    const nowMs = this.#settings.clock.nowMs();
    this.#times = this.#recent(this.#times, nowMs);
    if (this.#times.length >= this.#settings.maxRestarts) return false;
    this.#times.push(nowMs);
    const own = this.#recent(this.#ofChild.get(child) ?? [], nowMs);
    this.#ofChild.set(child, [...own, nowMs]);
    return true;
  }

  /** How long the restart of the child that was noted last waits. */
  delayMs(child: C): number {
    const { backOff } = this.#settings;
    if (backOff === null) return 0;
    const before = (this.#ofChild.get(child)?.length ?? 1) - 1;
    return Math.min(backOff.maxMs, backOff.firstMs * backOff.factor ** before);
  }

  clear(): void {
    this.#times = [];
    this.#ofChild.clear();
  }

  #recent(times: readonly number[], nowMs: number): number[] {
    return times.filter((ms) => ms > nowMs - this.#settings.withinMs);
  }
}
