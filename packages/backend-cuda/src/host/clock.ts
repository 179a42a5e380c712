const maxLogical = 4095;
const two32 = 2 ** 32;

/** So many stamps are given before the wall is read again, within a turn of the event loop. */
const stampsOfReading = 16;

/** The host's hybrid logical clock on a device, as words for headers. */
export class HostClock {
  /** Node part of the stamps: unique to this clock. */
  readonly node: number;
  low = 0;
  high = 0;
  logical = 0;
  #physical = 0;
  /** Stamps left until the wall is read. */
  #left = 0;
  #round: number | null = null;

  /** `part`: which of the clocks of the node, 16 bits. */
  constructor(nodeId: number, part = 0) {
    this.node = ((nodeId << 16) | part) >>> 0;
  }

  /** The next stamp. In lockstep all stamps of a round are the same. */
  tick(): void {
    if (this.#round !== null) return;
    if (--this.#left < 0) this.#read();
    else this.#step();
  }

  /** Time has passed: the next stamp is that of the wall. */
  expire(): void {
    this.#left = 0;
  }

  setRound(round: number): void {
    this.#round = round;
    this.low = round;
    this.high = 0;
    this.logical = 0;
  }

  #read(): void {
    this.#left = stampsOfReading - 1;
    const wall = nowUs();
    if (wall > this.#physical) this.#set(wall);
    else this.#step();
  }

  #step(): void {
    if (++this.logical > maxLogical) this.#set(this.#physical + 1);
  }

  #set(physical: number): void {
    this.#physical = physical;
    this.logical = 0;
    this.low = physical % two32;
    this.high = Math.floor(physical / two32);
  }
}

const originMs = performance.timeOrigin;

/** Microseconds since the Unix epoch, on a clock that never goes back. */
export function nowUs(): number {
  return Math.floor((originMs + performance.now()) * 1_000);
}
