export { HybridClock, type HybridClockOptions } from './hybrid-clock.ts';
export {
  logicalBits,
  maxLogical,
  type PackableStamp,
  packStamp,
  StampPacker,
  unpackStamp,
  unpackStampBigInt,
} from './packed.ts';
export { ManualClock, type PhysicalClock, SystemClock } from './physical-clock.ts';
export { SharedClock, type SharedClockOptions } from './shared-clock.ts';
export { clockNode, compareStamps, type HlcStamp, physicalOf, stampToString } from './stamp.ts';
export { decodeTimestamp, encodeTimestamp } from './timestamp.ts';
