import type { TypeLayout } from '@ringkernel/core';
import type { ValueType } from '../ir/types.ts';
import type { FunctionContext } from './function-context.ts';
import { applyHelper } from './helper.ts';
import type { Value } from './value.ts';

/*
 * These two are compiled with the handlers that use f16 fields, so they are written in the language of handlers, and
 * use no name from outside. All steps are exact, but for the rounding at the end of `halfOf`, which is spelt out.
 */

/** The f32 that the 16 bits of an f16 stand for. */
function valueOfHalf(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  let x = Math.fround(bits & 1023);
  if (exponent > 0) x += 1024;
  x *= 2 ** -24;
  const doublings = exponent === 0 ? 0 : exponent - 1;
  if ((doublings & 1) !== 0) x *= 2;
  if ((doublings & 2) !== 0) x *= 4;
  if ((doublings & 4) !== 0) x *= 16;
  if ((doublings & 8) !== 0) x *= 256;
  if ((doublings & 16) !== 0) x *= 65536;
  if (exponent === 31) {
    // There is no literal for infinity, and none for NaN.
    x *= x;
    x *= x;
    x *= x;
    if ((bits & 1023) !== 0) x -= x;
  }
  return (bits & 0x8000) === 0 ? x : -x;
}

/** The bits of the f16 nearest to an f32, ties to even; beyond the greatest it is infinity. */
function halfOf(x: number): number {
  const magnitude = Math.abs(x);
  const sign = x < 0 || (x === 0 && 1 / x < 0) ? 0x8000 : 0;
  if (!(magnitude >= 0)) return 0x7e00;
  if (magnitude >= 65520) return sign + 0x7c00;
  // In units of the least normal f16, 2^-14.
  let units = magnitude * 16384;
  let exponent = 0;
  if (units >= 65536) {
    units *= 2 ** -16;
    exponent += 16;
  }
  if (units >= 256) {
    units *= 2 ** -8;
    exponent += 8;
  }
  if (units >= 16) {
    units *= 2 ** -4;
    exponent += 4;
  }
  if (units >= 4) {
    units *= 2 ** -2;
    exponent += 2;
  }
  if (units >= 2) {
    units *= 2 ** -1;
    exponent += 1;
  }
  // Now in units of the last place: 1024 and more for a normal number, which counts the exponent up by one.
  units *= 1024;
  let whole = units >>> 0;
  const rest = units - Math.fround(whole);
  if (rest > 0.5 || (rest === 0.5 && (whole & 1) === 1)) whole += 1;
  return sign + exponent * 1024 + whole;
}

/** A scalar as a handler sees it: what `load` gives, widened from f16. */
export function loaded(
  c: FunctionContext,
  type: TypeLayout,
  seen: ValueType,
  load: (type: ValueType) => Value,
): Value {
  return isHalf(type) ? widenHalf(c, load('u32')) : load(seen);
}

/** A value as it is stored. */
export function stored(c: FunctionContext, type: TypeLayout, value: Value): Value {
  return isHalf(type) ? narrowHalf(c, value) : value;
}

function isHalf(type: TypeLayout): boolean {
  return type.kind === 'scalar' && type.name === 'f16';
}

function widenHalf(c: FunctionContext, bits: Value): Value {
  return applyHelper(c, valueOfHalf, 'valueOfHalf', [bits]);
}

function narrowHalf(c: FunctionContext, value: Value): Value {
  return applyHelper(c, halfOf, 'halfOf', [value]);
}

/** The f16 nearest to an f32, as an f32. */
export function roundToHalf(c: FunctionContext, value: Value): Value {
  return widenHalf(c, narrowHalf(c, value));
}
