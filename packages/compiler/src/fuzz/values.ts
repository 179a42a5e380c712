import type { Storage, ValueType } from '../ir/types.ts';
import type { Source } from './source.ts';

/** Values at which arithmetic goes wrong first. */
const u32Edges = [
  0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 255, 256, 65535, 65536, 16777215, 16777217, 2147483647,
  2147483648, 2147483649, 3000000000, 4294967294, 4294967295,
];
const u64Edges = [
  ...u32Edges.map(BigInt),
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 63n + 1n,
  2n ** 64n - 1n,
  0x8000_0080_0000_0001n,
  0x0100_0001_8000_0000n,
  0x1234_5678_9abc_def0n,
];
const floatEdges = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  0.1,
  1 / 3,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  1.1754943508222875e-38,
  1.401298464324817e-45,
  16777215,
  16777216,
  2147483520,
  2147483648,
  -2147483648,
  -2147483904,
  4294967040,
  4294967296,
  2 ** 63,
  2 ** 64,
  1e10,
  1e-10,
  1e300,
  5e-324,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];

export type Value = number | bigint | boolean;

/** A value of the type: often an edge, else anything. */
export function randomValue(source: Source, type: ValueType): Value {
  const edge = source.chance(65);
  switch (type) {
    case 'bool':
      return source.chance(50);
    case 'u32':
      return edge ? source.pick(u32Edges) : source.u32() >>> source.below(32);
    case 'i32':
      return (edge ? source.pick(u32Edges) : source.u32()) | 0;
    case 'u64':
      return randomU64(source, edge);
    case 'i64':
      return BigInt.asIntN(64, randomU64(source, edge));
    case 'f32':
      return Math.fround(randomFloat(source, edge));
    case 'f64':
      return randomFloat(source, edge);
  }
}

function randomU64(source: Source, edge: boolean): bigint {
  if (edge) return source.pick(u64Edges);
  return ((BigInt(source.u32()) << 32n) | BigInt(source.u32())) >> BigInt(source.below(64));
}

function randomFloat(source: Source, edge: boolean): number {
  if (edge) return source.pick(floatEdges);
  return (source.u32() / 2 ** 31 - 1) * 10 ** (source.below(24) - 8);
}

/** Writes a random scalar; a bool is any byte, as loads must take it. */
export function writeRandom(
  source: Source,
  view: DataView,
  offset: number,
  storage: Storage,
): void {
  switch (storage) {
    case 'bool':
      view.setUint8(offset, source.pick([0, 0, 1, 1, 255]));
      break;
    case 'u8':
    case 'i8':
      view.setUint8(offset, source.u32());
      break;
    case 'u16':
    case 'i16':
      view.setUint16(offset, source.u32(), true);
      break;
    case 'u32':
    case 'i32':
      view.setUint32(offset, Number(randomValue(source, 'u32')), true);
      break;
    case 'u64':
    case 'i64':
      view.setBigUint64(offset, BigInt(randomValue(source, 'u64')), true);
      break;
    case 'f32':
      view.setFloat32(offset, Number(randomValue(source, 'f32')), true);
      break;
    case 'f64':
      view.setFloat64(offset, Number(randomValue(source, 'f64')), true);
      break;
  }
}
