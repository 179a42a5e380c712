import type { Storage, ValueType } from '../ir/types.ts';

const valueTypes: Readonly<Record<ValueType, string>> = {
  bool: 'bool',
  i32: 'rk_i32',
  u32: 'rk_u32',
  f32: 'float',
  f64: 'double',
  i64: 'rk_i64',
  u64: 'rk_u64',
};

export function typeText(type: ValueType): string {
  return valueTypes[type];
}

/** The type of a scalar in memory. A bool is a byte, which can hold anything but is 0 or 1 when it is written. */
export function storageText(storage: Storage): string {
  switch (storage) {
    case 'bool':
    case 'u8':
      return 'unsigned char';
    case 'i8':
      return 'signed char';
    case 'u16':
      return 'unsigned short';
    case 'i16':
      return 'short';
    default:
      return valueTypes[storage];
  }
}

export function zero(type: ValueType): string {
  return literal(type, type === 'bool' ? false : 0);
}

const scratch = new DataView(new ArrayBuffer(8));

/** A constant of exactly this type and value: decimal digits, or the bits of what has none. */
export function literal(type: ValueType, value: number | bigint | boolean): string {
  switch (type) {
    case 'bool':
      return String(Boolean(value));
    case 'u32':
      return `${Number(value) >>> 0}u`;
    case 'i32': {
      const word = Number(value) | 0;
      if (word === -2147483648) return '(-2147483647 - 1)';
      return word < 0 ? `(${word})` : `${word}`;
    }
    case 'u64':
      return `${BigInt.asUintN(64, BigInt(value))}ull`;
    case 'i64': {
      const wide = BigInt.asIntN(64, BigInt(value));
      if (wide === -(2n ** 63n)) return '(-9223372036854775807ll - 1)';
      return wide < 0n ? `(${wide}ll)` : `${wide}ll`;
    }
    case 'f32':
    case 'f64':
      return floatLiteral(type, type === 'f32' ? Math.fround(Number(value)) : Number(value));
  }
}

/** NaN and the infinities have no digits; those of a subnormal number are a compiler's to flush. */
export function hasDigits(type: 'f32' | 'f64', value: number): boolean {
  const smallest = type === 'f32' ? 2 ** -126 : 2 ** -1022;
  return Number.isFinite(value) && (value === 0 || Math.abs(value) >= smallest);
}

export function floatBits(type: Storage, value: number): string {
  if (type === 'f32') {
    scratch.setFloat32(0, value);
    return `0x${scratch.getUint32(0).toString(16)}u`;
  }
  scratch.setFloat64(0, value);
  return `0x${scratch.getBigUint64(0).toString(16)}ull`;
}

function floatLiteral(type: 'f32' | 'f64', value: number): string {
  if (!hasDigits(type, value)) return `rk_${type}_bits(${floatBits(type, value)})`;
  const digits = Object.is(value, -0) ? '-0' : String(value);
  const text = `${/[.e]/u.test(digits) ? digits : `${digits}.0`}${type === 'f32' ? 'f' : ''}`;
  return value < 0 || Object.is(value, -0) ? `(${text})` : text;
}
