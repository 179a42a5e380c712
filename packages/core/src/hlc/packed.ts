import { InvalidTimestampError } from '../errors/operation.ts';

/** Bits of the logical part in the packed form; the other 52 are microseconds. */
export const logicalBits = 12;

/** The largest logical part that the packed form holds. */
export const maxLogical: number = 2 ** logicalBits - 1;

/** Parts of a stamp without its node, which the packed form has no room for. */
export interface PackableStamp {
  readonly physicalLow: number;
  readonly physicalHigh: number;
  readonly logical: number;
}

/**
 * Packs stamps into sort keys of 64 bits, 52-bit microseconds | 12-bit logical part, as two u32 in `low` and `high`.
 * Stamps of our own clocks fit; in stamps from elsewhere a larger logical part carries into the microseconds and is
 * counted in `carries`. Such a key may sort behind a later one of the next microsecond, never before an earlier one.
 */
export class StampPacker {
  low = 0;
  high = 0;
  carries = 0;

  /** Throws `InvalidTimestampError` when the microseconds need more than 52 bits. */
  pack(physicalLow: number, physicalHigh: number, logical: number): void {
    let low = physicalLow;
    let high = physicalHigh;
    if (logical > maxLogical) {
      this.carries++;
      low += logical >>> logicalBits;
      if (low >= 2 ** 32) {
        low -= 2 ** 32;
        high++;
      }
    }
    if (high >= 2 ** 20) throw new InvalidTimestampError('52 bits of microseconds', `high ${high}`);
    this.low = ((low << logicalBits) | (logical & maxLogical)) >>> 0;
    this.high = ((high << logicalBits) | (low >>> (32 - logicalBits))) >>> 0;
  }

  /** The last key as one number. */
  toBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }
}

/** The packed form of one stamp as a bigint; see `StampPacker` for what happens to large logical parts. */
export function packStamp(stamp: PackableStamp): bigint {
  const packer = new StampPacker();
  packer.pack(stamp.physicalLow, stamp.physicalHigh, stamp.logical);
  return packer.toBigInt();
}

/** The stamp of a packed key. */
export function unpackStamp(low: number, high: number): PackableStamp {
  return {
    physicalLow: ((high << (32 - logicalBits)) | (low >>> logicalBits)) >>> 0,
    physicalHigh: high >>> logicalBits,
    logical: low & maxLogical,
  };
}

export function unpackStampBigInt(packed: bigint): PackableStamp {
  if (packed < 0n || packed >= 1n << 64n) {
    throw new InvalidTimestampError('64 bits', `${packed}`);
  }
  return unpackStamp(Number(packed & 0xffff_ffffn), Number(packed >> 32n));
}
