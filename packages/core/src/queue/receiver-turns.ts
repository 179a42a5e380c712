import { InvalidOptionError } from '../errors/operation.ts';
import type { SlotReader } from './slot-reader.ts';

/** Messages that one lane may give in a row while others have some too. */
export const laneTurn = 16;

/** The lanes of one priority take turns: up to `laneTurn` messages, then the next lane that has any. */
class LaneTurns {
  readonly #lanes: readonly SlotReader[];
  #lane = 0;
  #taken = 0;

  constructor(lanes: readonly SlotReader[]) {
    this.#lanes = lanes;
  }

  /** A lane with a message, or undefined. */
  next(): SlotReader | undefined {
    const current = this.#lanes[this.#lane] as SlotReader;
    if (this.#taken < laneTurn && current.peek() >= 0) return current;
    for (let n = 1; n <= this.#lanes.length; n++) {
      const at = (this.#lane + n) % this.#lanes.length;
      const lane = this.#lanes[at] as SlotReader;
      if (lane.peek() < 0) continue;
      this.#lane = at;
      this.#taken = 0;
      return lane;
    }
    return undefined;
  }

  took(): void {
    this.#taken++;
  }
}

/**
 * Which message comes next: the highest priority first, but at most `starvationBound + 2` messages of other
 * priorities while one waits at the head of its lane. Each lower priority counts what passes it by; at the bound it
 * has the next turn, the one passed by most often first. (The 2: both other low priorities may be due as well.)
 */
export class ReceiverTurns {
  readonly #levels: readonly LaneTurns[];
  readonly #passed: number[];
  readonly #bound: number;
  #level = 0;

  constructor(levels: readonly (readonly SlotReader[])[], starvationBound: number) {
    if (!Number.isInteger(starvationBound) || starvationBound < 1) {
      throw new InvalidOptionError('starvationBound', 'an integer of at least 1', starvationBound);
    }
    this.#levels = levels.map((lanes) => new LaneTurns(lanes));
    this.#passed = levels.map(() => 0);
    this.#bound = starvationBound;
  }

  /** The reader whose message is next, or undefined when there is none. After it, `took` or nothing. */
  next(): SlotReader | undefined {
    const due = this.#levels.length > 1 ? this.#due() : undefined;
    if (due !== undefined) return due;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const reader = (this.#levels[level] as LaneTurns).next();
      if (reader === undefined) continue;
      this.#level = level;
      return reader;
    }
    return undefined;
  }

  /** The message of the reader that `next` returned was taken. */
  took(): void {
    (this.#levels[this.#level] as LaneTurns).took();
    for (let level = 0; level < this.#levels.length; level++) {
      this.#passed[level] = level === this.#level ? 0 : (this.#passed[level] as number) + 1;
    }
  }

  /** A lower priority that was passed by often enough, when it has a message. An empty one begins to count anew. */
  #due(): SlotReader | undefined {
    for (;;) {
      let most = -1;
      let mostPassed = this.#bound - 1;
      for (let level = 0; level < this.#levels.length - 1; level++) {
        const passed = this.#passed[level] as number;
        if (passed <= mostPassed) continue;
        most = level;
        mostPassed = passed;
      }
      if (most < 0) return undefined;
      const reader = (this.#levels[most] as LaneTurns).next();
      this.#level = most;
      if (reader !== undefined) return reader;
      this.#passed[most] = 0;
    }
  }
}
