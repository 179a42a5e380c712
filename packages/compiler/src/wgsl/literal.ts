import type { ValueType } from '../ir/types.ts';

export function typeText(type: ValueType): string {
  return type === 'u64' || type === 'i64' ? 'vec2<u32>' : type;
}

export function zero(type: ValueType): string {
  return literal(type, type === 'bool' ? false : 0);
}

const scratch = new DataView(new ArrayBuffer(4));

export function f32Bits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/**
 * A constant. NaN and the infinities have no text in WGSL; those go through `rk_opaque`, which is no constant
 * expression, and so is the subnormal range, which the language lets a compiler flush.
 */
export function literal(type: ValueType, value: number | bigint | boolean): string {
  switch (type) {
    case 'bool':
      return String(Boolean(value));
    case 'u32':
      return `${Number(value) >>> 0}u`;
    case 'i32': {
      const word = Number(value) | 0;
      if (word === -2147483648) return 'i32(-2147483648)';
      return word < 0 ? `(${word}i)` : `${word}i`;
    }
    case 'u64':
    case 'i64': {
      const bits = BigInt.asUintN(64, BigInt(value));
      return `vec2<u32>(${bits & 0xffffffffn}u, ${bits >> 32n}u)`;
    }
    default:
      return floatLiteral(Math.fround(Number(value)));
  }
}

export function isOpaque(value: number): boolean {
  return !Number.isFinite(value) || (value !== 0 && Math.abs(value) < 2 ** -126);
}

function floatLiteral(value: number): string {
  if (isOpaque(value)) return `rk_opaque(0x${f32Bits(value).toString(16)}u)`;
  if (value === 0) return Object.is(value, -0) ? '(-0.0f)' : '0.0f';
  const text = String(value);
  const suffixed = /[.e]/u.test(text) ? `${text}f` : `${text}.0f`;
  return value < 0 ? `(${suffixed})` : suffixed;
}
