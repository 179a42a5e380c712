import { InvalidTimestampError } from '../errors/operation.ts';
import { hlcTimestamp } from '../layout/generated.ts';
import type { HlcStamp } from './stamp.ts';

/**
 * Writes the 24-byte exchange form that RingKernel for Rust uses: physical, logical and node, each a u64, little-
 * endian. Throws `InvalidTimestampError` when the view has no room.
 */
export function encodeTimestamp(view: DataView, byteOffset: number, stamp: HlcStamp): void {
  checkRoom(view, byteOffset);
  view.setUint32(byteOffset + hlcTimestamp.physicalOffset, stamp.physicalLow, true);
  view.setUint32(byteOffset + hlcTimestamp.physicalOffset + 4, stamp.physicalHigh, true);
  view.setUint32(byteOffset + hlcTimestamp.logicalOffset, stamp.logical, true);
  view.setUint32(byteOffset + hlcTimestamp.logicalOffset + 4, 0, true);
  view.setUint32(byteOffset + hlcTimestamp.nodeOffset, stamp.node, true);
  view.setUint32(byteOffset + hlcTimestamp.nodeOffset + 4, 0, true);
}

/** Reads it. Throws `InvalidTimestampError` for missing bytes and for parts that our stamps can't hold. */
export function decodeTimestamp(view: DataView, byteOffset: number): HlcStamp {
  checkRoom(view, byteOffset);
  const high = (offset: number) => view.getUint32(byteOffset + offset + 4, true);
  const physicalHigh = high(hlcTimestamp.physicalOffset);
  const logicalHigh = high(hlcTimestamp.logicalOffset);
  const nodeHigh = high(hlcTimestamp.nodeOffset);
  if (physicalHigh >= 2 ** 20) {
    throw new InvalidTimestampError('52 bits of microseconds', `a high word of ${physicalHigh}`);
  }
  if (logicalHigh !== 0 || nodeHigh !== 0) {
    const found = `high words of ${logicalHigh} and ${nodeHigh}`;
    throw new InvalidTimestampError('logical part and node of 32 bits', found);
  }
  return {
    physicalLow: view.getUint32(byteOffset + hlcTimestamp.physicalOffset, true),
    physicalHigh,
    logical: view.getUint32(byteOffset + hlcTimestamp.logicalOffset, true),
    node: view.getUint32(byteOffset + hlcTimestamp.nodeOffset, true),
  };
}

function checkRoom(view: DataView, byteOffset: number): void {
  const found = view.byteLength - byteOffset;
  if (byteOffset >= 0 && found >= hlcTimestamp.sizeBytes) return;
  throw new InvalidTimestampError(`${hlcTimestamp.sizeBytes} bytes`, `${found}`);
}
