import { ClockSkewError, InvalidOptionError } from '../errors/operation.ts';
import { maxLogical } from './packed.ts';
import { checkedUs, type PhysicalClock, SystemClock } from './physical-clock.ts';

export interface SharedClockOptions {
  /** Where the word lies in the buffer, a multiple of 8. Keep 64 bytes to itself. */
  readonly byteOffset?: number;
  readonly physicalClock?: PhysicalClock;
  /** How far a reading from elsewhere may lie in the future; 60 s by default. */
  readonly maxSkewMs?: number;
}

/**
 * One hybrid clock for any number of threads: a packed stamp (52-bit microseconds | 12-bit logical part) in shared
 * memory that moves by a 64-bit compare-and-exchange. No stamp is given twice, none is smaller than one that was
 * given before. Each call reads the wall clock and contends for one cache line: on a hot path give every thread a
 * `HybridClock` of its own instead. Zeroed memory is a fresh clock.
 */
export class SharedClock {
  /** Logical parts that carried into the physical part, as far as this object saw. */
  overflows = 0;
  readonly maxSkewMs: number;

  private readonly word: BigUint64Array;
  private readonly physicalClock: PhysicalClock;

  constructor(buffer: SharedArrayBuffer, options: SharedClockOptions = {}) {
    const { byteOffset = 0, physicalClock = new SystemClock(), maxSkewMs = 60_000 } = options;
    const last = buffer.byteLength - 8;
    if (!Number.isInteger(byteOffset / 8) || byteOffset < 0 || byteOffset > last) {
      throw new InvalidOptionError('byteOffset', `a multiple of 8 up to ${last}`, byteOffset);
    }
    if (!(maxSkewMs >= 0)) throw new InvalidOptionError('maxSkewMs', 'at least 0', maxSkewMs);
    this.word = new BigUint64Array(buffer, byteOffset, 1);
    this.physicalClock = physicalClock;
    this.maxSkewMs = maxSkewMs;
  }

  /** A new stamp, greater than all given before on any thread. */
  tick(): bigint {
    return this.advance(0n);
  }

  /**
   * A new stamp, greater than `received` too. Throws `ClockSkewError` and changes nothing when that lies further
   * ahead of the wall clock than `maxSkewMs`.
   */
  update(received: bigint): bigint {
    const aheadUs = Number(received >> 12n) - this.physicalClock.nowUs();
    if (aheadUs > this.maxSkewMs * 1000) throw new ClockSkewError(aheadUs / 1000, this.maxSkewMs);
    return this.advance(received);
  }

  /** The last stamp given, 0 when there was none. */
  last(): bigint {
    return Atomics.load(this.word, 0);
  }

  private advance(received: bigint): bigint {
    const wall = BigInt(checkedUs(this.physicalClock.nowUs())) << 12n;
    let seen = Atomics.load(this.word, 0);
    for (;;) {
      const floor = seen > received ? seen : received;
      const next = wall > floor ? wall : floor + 1n;
      const found = Atomics.compareExchange(this.word, 0, seen, next);
      if (found === seen) {
        if (next !== wall && Number(floor & 0xfffn) === maxLogical) this.overflows++;
        return next;
      }
      seen = found;
    }
  }
}
