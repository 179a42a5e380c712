const maxLogical = 4095;
const two32 = 2 ** 32;

/** The host's hybrid logical clock on a device, as words for headers. */
export class HostClock {
  /** Node part of the stamps: unique to this clock. */
  readonly node: number;
  low = 0;
  high = 0;
  logical = 0;
  #physical = 0;
  #round: number | null = null;

  /** `part`: which of the clocks of the node, 16 bits. */
  constructor(nodeId: number, part = 0) {
    this.node = ((nodeId << 16) | part) >>> 0;
  }

  /** The next stamp. In lockstep all stamps of a round are the same. */
  tick(): void {
    if (this.#round !== null) return;
    const wall = nowUs();
    if (wall > this.#physical) {
      this.#physical = wall;
      this.logical = 0;
    } else if (++this.logical > maxLogical) {
      this.#physical++;
      this.logical = 0;
    }
    this.low = this.#physical % two32;
    this.high = Math.floor(this.#physical / two32);
  }

  setRound(round: number): void {
    this.#round = round;
    this.low = round;
    this.high = 0;
    this.logical = 0;
  }
}

/** Microseconds since the Unix epoch, on a clock that never goes back. */
export function nowUs(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1_000);
}
