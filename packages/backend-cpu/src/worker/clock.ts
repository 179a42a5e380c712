/** Logical parts are 12 bits in a packed stamp; what does not fit carries into the physical part. */
const maxLogical = 4095;
const two32 = 0x1_0000_0000;

/**
 * The hybrid logical clock of one thread (Kulkarni et al. 2014), as words ready to be written into headers. The wall
 * is read once for many messages. `low`, `high` and `logical` are the last stamp given.
 */
export class StampClock {
  low = 0;
  high = 0;
  logical = 0;
  /** The wall as last read, microseconds since the Unix epoch: as a number, and its low word. */
  nowUs = 0;
  nowLow = 0;
  /** Node part of the stamps: unique to the thread. */
  readonly node: number;

  readonly #offsetUs: number;
  /** 0 in lockstep, where all messages of a round have the same stamp. */
  #step = 1;

  /** `offsetUs`: what `performance.now()` in microseconds lacks to the Unix epoch, the same wall for all threads. */
  constructor(node: number, offsetUs: number) {
    this.node = node;
    this.#offsetUs = offsetUs;
  }

  /** Whether the clock stands still within a round. */
  get lockstep(): boolean {
    return this.#step === 0;
  }

  /** Reads the wall; in lockstep there is none. */
  refresh(): void {
    if (this.#step === 0) return;
    const us = Math.floor(performance.now() * 1_000 + this.#offsetUs);
    this.nowUs = us;
    this.nowLow = us | 0;
    const high = Math.floor(us / two32);
    if (high > this.high || (high === this.high && us - high * two32 > this.low >>> 0)) {
      this.low = us | 0;
      this.high = high;
      this.logical = 0;
    }
  }

  /** The next stamp. */
  tick(): void {
    this.logical += this.#step;
    if (this.logical > maxLogical) this.#carry();
  }

  /** A message with this stamp came from another thread: from now on stamps are later. */
  merge(low: number, high: number, logical: number): void {
    if (this.#step === 0) return;
    if (high < this.high) return;
    const theirs = low >>> 0;
    const ours = this.low >>> 0;
    if (high === this.high && theirs < ours) return;
    if (high === this.high && theirs === ours) {
      if (logical > this.logical) this.logical = logical;
      return;
    }
    this.low = low;
    this.high = high;
    this.logical = logical;
  }

  /** Lockstep: the round is the physical part. */
  setRound(round: number): void {
    this.#step = 0;
    this.low = round | 0;
    this.high = 0;
    this.logical = 0;
    this.nowUs = round;
    this.nowLow = round | 0;
  }

  #carry(): void {
    this.logical = 0;
    this.low = (this.low + 1) | 0;
    if (this.low === 0) this.high++;
  }
}

/** `performance.now()` in microseconds plus this is microseconds on the monotonic clock all threads share. */
export function monotonicOffsetUs(): number {
  const before = performance.now();
  const shared = Number(process.hrtime.bigint() / 1_000n);
  return shared - ((before + performance.now()) / 2) * 1_000;
}
