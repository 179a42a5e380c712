/**
 * IEEE 754 half precision: 1 sign bit, 5 bits of exponent, 10 of fraction. DataView knows it only in newer engines.
 * What a handler does with an `f16` field is in the compiler, in f32 arithmetic.
 */

/** The bits of the f16 nearest to a number, ties to even; beyond the greatest it is infinity. */
export function halfBits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (magnitude >= 65520) return sign | 0x7c00;
  // One unit of the last place: that of the least normal number for all that are smaller.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const units = magnitude / 2 ** (exponent - 10);
  const whole = Math.floor(units);
  const rest = units - whole;
  const up = rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? 1 : 0;
  // A normal number has 1024 in its units, which counts the exponent up by one; so does rounding to the next power.
  return sign | ((exponent + 14) * 1024 + whole + up);
}

/** The number that 16 bits stand for. */
export function halfValue(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
