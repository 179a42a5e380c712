import { ClockSkewError, InvalidOptionError } from '../errors/operation.ts';
import { maxLogical } from './packed.ts';
import { checkedUs, type PhysicalClock, SystemClock } from './physical-clock.ts';
import type { HlcStamp } from './stamp.ts';

export interface HybridClockOptions {
  /** Whose clock: unique to each thread, see `clockNode`. */
  readonly node: number;
  readonly physicalClock?: PhysicalClock;
  /** How far a reading from elsewhere may lie in the future; 60 s by default. */
  readonly maxSkewMs?: number;
}

const two32 = 2 ** 32;

/**
 * The hybrid logical clock of one thread (Kulkarni et al., Logical Physical Clocks, 2014). The clock is its own last
 * stamp: after `tick`, `merge` or `update` the fields are the stamp of that event, so that an engine can store them
 * without allocating. Every stamp is greater than all before it, whatever the wall clock does. Stamps of clocks with
 * different nodes are never equal.
 *
 * The wall clock is read by `refresh`, once per batch of events. The logical part has the 12 bits that the packed
 * form has: 4,096 events in one microsecond carry into the physical part and are counted in `overflows`.
 */
export class HybridClock implements HlcStamp {
  physicalLow = 0;
  physicalHigh = 0;
  logical = 0;
  readonly node: number;
  /** Logical parts that carried into the physical part. */
  overflows = 0;
  /** Times that the wall clock was found behind its last reading. */
  backwardJumps = 0;
  /** How far the clock was ahead of the wall clock when that was last read, microseconds. */
  aheadUs = 0;
  /** The most that `aheadUs` ever was. */
  maxAheadUs = 0;
  readonly maxSkewMs: number;

  private readonly physicalClock: PhysicalClock;
  private wallUs = 0;
  private wallLow = 0;
  private wallHigh = 0;

  constructor(options: HybridClockOptions) {
    const { node, physicalClock = new SystemClock(), maxSkewMs = 60_000 } = options;
    if (!Number.isInteger(node) || node < 0 || node >= two32) {
      throw new InvalidOptionError('node', 'an integer from 0 to 2^32 - 1', node);
    }
    if (!(maxSkewMs >= 0)) throw new InvalidOptionError('maxSkewMs', 'at least 0', maxSkewMs);
    this.node = node;
    this.physicalClock = physicalClock;
    this.maxSkewMs = maxSkewMs;
    this.refresh();
  }

  /**
   * Reads the wall clock. False when this clock is further ahead of it than `maxSkewMs`, after the wall clock was
   * set back: stamps still grow, but others will refuse them until the wall clock has caught up.
   */
  refresh(): boolean {
    const us = checkedUs(this.physicalClock.nowUs());
    if (us < this.wallUs) this.backwardJumps++;
    this.wallUs = us;
    this.wallHigh = Math.floor(us / two32);
    this.wallLow = us % two32;
    const ahead = this.physicalHigh * two32 + this.physicalLow - us;
    this.aheadUs = Math.max(0, ahead);
    if (this.aheadUs > this.maxAheadUs) this.maxAheadUs = this.aheadUs;
    return this.aheadUs <= this.maxSkewMs * 1000;
  }

  /** An event of this thread: sending a message, for instance. */
  tick(): void {
    if (
      this.wallHigh > this.physicalHigh ||
      (this.wallHigh === this.physicalHigh && this.wallLow > this.physicalLow)
    ) {
      this.physicalLow = this.wallLow;
      this.physicalHigh = this.wallHigh;
      this.logical = 0;
    } else if (this.logical < maxLogical) {
      this.logical++;
    } else {
      this.carry();
    }
  }

  /**
   * The event of receiving a message with this stamp, from a thread of this process: it is believed. Afterwards the
   * clock is greater than both.
   */
  merge(physicalLow: number, physicalHigh: number, logical: number): void {
    const order = this.physicalHigh - physicalHigh || this.physicalLow - physicalLow;
    if (order < 0 || (order === 0 && this.logical < logical)) {
      this.physicalLow = physicalLow;
      this.physicalHigh = physicalHigh;
      this.logical = logical;
    }
    this.tick();
  }

  /**
   * The event of receiving a stamp from outside the process. Reads the wall clock; throws `ClockSkewError` and
   * changes nothing when the stamp is further ahead of it than `maxSkewMs`.
   */
  update(stamp: HlcStamp): void {
    this.refresh();
    const aheadUs = stamp.physicalHigh * two32 + stamp.physicalLow - this.wallUs;
    if (aheadUs > this.maxSkewMs * 1000) {
      throw new ClockSkewError(aheadUs / 1000, this.maxSkewMs);
    }
    this.merge(stamp.physicalLow, stamp.physicalHigh, stamp.logical);
  }

  /** A copy of the last stamp. */
  stamp(): HlcStamp {
    const { physicalLow, physicalHigh, logical, node } = this;
    return { physicalLow, physicalHigh, logical, node };
  }

  private carry(): void {
    this.logical = 0;
    this.overflows++;
    if (this.physicalLow === two32 - 1) {
      this.physicalLow = 0;
      this.physicalHigh++;
    } else {
      this.physicalLow++;
    }
  }
}
