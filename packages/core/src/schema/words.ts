import { halfBits, halfValue } from './half.ts';
import type { ScalarName } from './layout.ts';

/** What a scalar is in TypeScript: 64-bit integers are `bigint`, flags `boolean`, the rest `number`. */
export type ScalarValue<N extends ScalarName> = N extends 'bool'
  ? boolean
  : N extends 'u64' | 'i64'
    ? bigint
    : number;

/**
 * A scalar word. In a schema it is the field's type; called, it converts: `u32(x)`.
 * The same word, by identity, is what the compiler recognises inside a handler.
 */
export interface ScalarType<N extends ScalarName = ScalarName> {
  (value: number | bigint | boolean): ScalarValue<N>;
  readonly kind: 'scalar';
  readonly scalar: N;
}

type Convert<N extends ScalarName> = (value: number | bigint | boolean) => ScalarValue<N>;

function word<N extends ScalarName>(scalar: N, convert: Convert<N>): ScalarType<N> {
  Object.defineProperty(convert, 'name', { value: scalar });
  return Object.freeze(Object.assign(convert, { kind: 'scalar', scalar } as const));
}

/**
 * Whether a number is to be read as an integer, whose low bits are kept. A host number does not say whether it
 * came from integer or from float arithmetic; beyond 2^53 its low bits are lost, so there it can only be a float.
 */
function isWhole(value: number): boolean {
  return Number.isSafeInteger(value);
}

/** Float → integer: truncates, saturates at both ends, NaN is 0. */
function saturate(value: number, min: number, max: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.trunc(value), min), max) + 0;
}

function lowBits(value: number | bigint | boolean): number {
  if (typeof value === 'bigint') return Number(BigInt.asUintN(32, value));
  // ToInt32 takes a safe integer modulo 2^32.
  return Number(value) >>> 0;
}

function isFloat(value: number | bigint | boolean): value is number {
  return typeof value === 'number' && !isWhole(value);
}

function saturate64(value: number, min: bigint, max: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  // 2^63 and 2^64 are exact doubles, so these comparisons are exact too.
  if (value >= Number(max)) return max;
  if (value <= Number(min)) return min;
  return BigInt(Math.trunc(value));
}

/** To the nearest f32, ties to even, in one rounding: through f64 a large integer would round twice. */
function nearestFloat(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude <= 0x1fffffffffffffn) return Math.fround(Number(value));
  // 40 leading bits are more than the 24 + 2 that decide; what is cut off lives on as a sticky bit.
  const shift = magnitude.toString(16).length * 4 - 40;
  const cut = BigInt(shift);
  const sticky = (magnitude >> cut) << cut === magnitude ? 0n : 1n;
  const rounded = Math.fround(Number((magnitude >> cut) | sticky));
  const scaled = Math.fround(rounded * 2 ** Math.min(shift, 1023));
  return value < 0n ? -scaled : scaled;
}

/** One byte, 0 or 1. `bool(x)` is `x != 0`, so NaN is true. */
export const bool: ScalarType<'bool'> = word('bool', (value) =>
  typeof value === 'bigint' ? value !== 0n : Number(value) !== 0,
);

/** 8 bits, 0 to 255. `u8(x)`: integers keep their low bits; floats truncate and saturate, NaN is 0. */
export const u8: ScalarType<'u8'> = word('u8', (value) =>
  isFloat(value) ? saturate(value, 0, 0xff) : lowBits(value) & 0xff,
);

/** 16 bits, 0 to 65535. Converts like `u8`. */
export const u16: ScalarType<'u16'> = word('u16', (value) =>
  isFloat(value) ? saturate(value, 0, 0xffff) : lowBits(value) & 0xffff,
);

/** 32 bits, 0 to 2^32 - 1. Converts like `u8`. */
export const u32: ScalarType<'u32'> = word('u32', (value) =>
  isFloat(value) ? saturate(value, 0, 0xffffffff) : lowBits(value),
);

/** 64 bits as a `bigint`, 0 to 2^64 - 1. Converts like `u8`. */
export const u64: ScalarType<'u64'> = word('u64', (value) =>
  isFloat(value) ? saturate64(value, 0n, 0xffffffffffffffffn) : BigInt.asUintN(64, BigInt(value)),
);

/** 8 bits, -128 to 127. Converts like `u8`; low bits are sign-extended. */
export const i8: ScalarType<'i8'> = word('i8', (value) =>
  isFloat(value) ? saturate(value, -0x80, 0x7f) : (lowBits(value) << 24) >> 24,
);

/** 16 bits, -32768 to 32767. Converts like `i8`. */
export const i16: ScalarType<'i16'> = word('i16', (value) =>
  isFloat(value) ? saturate(value, -0x8000, 0x7fff) : (lowBits(value) << 16) >> 16,
);

/** 32 bits, -2^31 to 2^31 - 1. Converts like `i8`. */
export const i32: ScalarType<'i32'> = word('i32', (value) =>
  isFloat(value) ? saturate(value, -0x80000000, 0x7fffffff) : lowBits(value) | 0,
);

/** 64 bits as a `bigint`, -2^63 to 2^63 - 1. Converts like `i8`. */
export const i64: ScalarType<'i64'> = word('i64', (value) =>
  isFloat(value)
    ? saturate64(value, -0x8000000000000000n, 0x7fffffffffffffffn)
    : BigInt.asIntN(64, BigInt(value)),
);

/** IEEE 754 half precision, 11 significant bits up to 65504, as a field. `f16(x)` rounds to nearest, ties to even. */
export const f16: ScalarType<'f16'> = word('f16', (value) => halfValue(halfBits(Number(value))));

/** IEEE 754 single precision. `f32(x)` rounds to nearest, ties to even. */
export const f32: ScalarType<'f32'> = word('f32', (value) =>
  typeof value === 'bigint' ? nearestFloat(value) : Math.fround(Number(value)),
);

/** IEEE 754 double precision: the type of a JavaScript number. */
export const f64: ScalarType<'f64'> = word('f64', (value) => Number(value));
