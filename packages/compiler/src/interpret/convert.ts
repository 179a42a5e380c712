import type { ValueType } from '../ir/types.ts';
import type { Value } from './value.ts';

export type IntegerType = 'i32' | 'u32' | 'i64' | 'u64';

export function isInteger(type: ValueType): type is IntegerType {
  return type === 'i32' || type === 'u32' || type === 'i64' || type === 'u64';
}

const ranges: Readonly<Record<IntegerType, readonly [lowest: bigint, highest: bigint]>> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

/** The value of `type` that has the same low bits as the whole number `x`. */
export function wrap(type: IntegerType, x: bigint): Value {
  switch (type) {
    case 'i32':
      return Number(BigInt.asIntN(32, x));
    case 'u32':
      return Number(BigInt.asUintN(32, x));
    case 'i64':
      return BigInt.asIntN(64, x);
    case 'u64':
      return BigInt.asUintN(64, x);
  }
}

export function convert(from: ValueType, to: ValueType, value: Value): Value {
  if (from === to) return value;
  if (to === 'bool') return typeof value === 'bigint' ? value !== 0n : value !== 0;
  const x = typeof value === 'boolean' ? Number(value) : value;
  if (isInteger(to)) {
    return typeof x === 'bigint' || isInteger(from) || from === 'bool'
      ? wrap(to, BigInt(x))
      : saturate(to, x);
  }
  if (to === 'f64') return Number(x);
  return typeof x === 'bigint' ? nearestF32(x) : Math.fround(x);
}

/** Truncates towards zero; what does not fit becomes the nearest end of the range; NaN becomes 0. */
function saturate(to: IntegerType, x: number): Value {
  if (Number.isNaN(x)) return wrap(to, 0n);
  const [lowest, highest] = ranges[to];
  if (x >= Number(highest) + 1) return wrap(to, highest);
  if (x <= Number(lowest)) return wrap(to, lowest);
  return wrap(to, BigInt(Math.trunc(x)));
}

/**
 * The f32 nearest to a whole number, ties to even, in one rounding: going through a double would round twice.
 */
function nearestF32(x: bigint): number {
  if (x < 0n) return -nearestF32(-x);
  const bits = x.toString(2).length;
  if (bits <= 24) return Number(x);
  const shift = BigInt(bits - 24);
  const kept = x >> shift;
  const lost = x - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = lost > half || (lost === half && kept % 2n === 1n);
  return Number((up ? kept + 1n : kept) << shift);
}
