/** A clock reading. The physical part is a u64 of microseconds since the Unix epoch, kept as two u32. */
export interface HlcStamp {
  readonly physicalLow: number;
  readonly physicalHigh: number;
  readonly logical: number;
  /** Whose clock, see `clockNode`. */
  readonly node: number;
}

/** Node part of the clock of one thread: the runtime's node id (16 bits) and the thread (8 bits). */
export function clockNode(nodeId: number, thread: number): number {
  return ((nodeId & 0xffff) << 8) | (thread & 0xff);
}

/** Negative when `a` is before `b`: by physical part, then logical part, then node. 0 only for the same event. */
export function compareStamps(a: HlcStamp, b: HlcStamp): number {
  return (
    a.physicalHigh - b.physicalHigh ||
    a.physicalLow - b.physicalLow ||
    a.logical - b.logical ||
    a.node - b.node
  );
}

/** The physical part as a bigint of microseconds. */
export function physicalOf(stamp: HlcStamp): bigint {
  return (BigInt(stamp.physicalHigh) << 32n) | BigInt(stamp.physicalLow);
}

/** `HLC(physical.logical.node)`. */
export function stampToString(stamp: HlcStamp): string {
  return `HLC(${physicalOf(stamp)}.${stamp.logical}.${stamp.node})`;
}
