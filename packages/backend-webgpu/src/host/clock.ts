/** Stamps between two looks at the time, in one turn of the host: looking takes longer than all else about a stamp. */
const stampsPerLook = 64;

/** Stamps of what the host sends and hands over: microseconds since 1970 and a counter, each later than the one before. */
export class Clock {
  readonly lockstep: boolean;
  readonly node: number;
  logical = 0;
  /** The two words of `physical`, which are taken apart once for many stamps. */
  physicalLow = 0;
  physicalHigh = 0;
  #physical = 0;
  readonly #originUs: number = performance.timeOrigin * 1000;
  /** Stamps until the next look. */
  #left = 0;

  constructor(lockstep: boolean, nodeId: number) {
    this.lockstep = lockstep;
    this.node = nodeId << 8;
  }

  /** Stands still in lockstep, where it is the number of the round. */
  get physical(): number {
    return this.#physical;
  }

  set physical(value: number) {
    this.#physical = value;
    this.physicalLow = value >>> 0;
    this.physicalHigh = Math.floor(value / 2 ** 32);
  }

  tick(): void {
    if (this.lockstep) return;
    if (this.#left > 0) {
      this.#left--;
      this.logical++;
      return;
    }
    this.#left = stampsPerLook;
    const now = Math.floor(this.#originUs + performance.now() * 1000);
    if (now > this.physical) {
      this.physical = now;
      this.logical = 0;
    } else this.logical++;
  }

  /** Time has passed: the next stamp looks at it. */
  expire(): void {
    this.#left = 0;
  }

  /** Goes on to this time, when it is later: the device was there already. */
  reach(physical: number): void {
    if (physical <= this.physical) return;
    this.physical = physical;
    this.logical = 0;
  }
}
