/** Tables for four bytes at a time: table n holds the CRC of a byte followed by n zero bytes. */
const tables: readonly Uint32Array[] = makeTables(4);

function makeTables(count: number): readonly Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    first[byte] = crc;
  }
  const all = [first];
  for (let n = 1; n < count; n++) {
    const previous = all[n - 1] as Uint32Array;
    all.push(previous.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] as number)));
  }
  return all;
}

const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/**
 * CRC-32 (ISO 3309, polynomial 0xedb88320; zlib's) of a range of bytes, which may be shared memory: nothing is
 * copied. `seed` is the CRC of what came before, to go on in pieces. Throws `RangeError` outside of the bytes.
 */
export function crc32(
  bytes: Uint8Array,
  byteOffset = 0,
  byteLength: number = bytes.length - byteOffset,
  seed = 0,
): number {
  const end = byteOffset + byteLength;
  if (!(byteOffset >= 0 && byteLength >= 0 && end <= bytes.length)) {
    throw new RangeError(`Bytes ${byteOffset} to ${end} of ${bytes.length}`);
  }
  let crc = ~seed;
  let i = byteOffset;
  for (const fours = end - 3; i < fours; i += 4) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
