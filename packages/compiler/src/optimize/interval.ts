import type { BinaryOperator, MathFunction, Storage, ValueType } from '../ir/types.ts';

/** All values an i32 or u32 expression can have lie between these, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export function fullRange(type: ValueType): Interval {
  if (type === 'i32') return { low: -2147483648, high: 2147483647 };
  return { low: 0, high: 4294967295 };
}

export function join(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** What both say; null when they contradict each other: the place can't be reached. */
export function meet(a: Interval, b: Interval): Interval | null {
  const both = { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
  return both.low <= both.high ? both : null;
}

export function isWithin(inner: Interval, outer: Interval): boolean {
  return inner.low >= outer.low && inner.high <= outer.high;
}

export function storedRange(storage: Storage): Interval | null {
  switch (storage) {
    case 'u8':
      return { low: 0, high: 255 };
    case 'u16':
      return { low: 0, high: 65535 };
    case 'i8':
      return { low: -128, high: 127 };
    case 'i16':
      return { low: -32768, high: 32767 };
    default:
      return null;
  }
}

/** The range of an operation; the whole type where it could wrap, or where nothing better is known. */
export function binaryRange(
  op: BinaryOperator,
  type: ValueType,
  a: Interval,
  b: Interval,
): Interval {
  const full = fullRange(type);
  const result = exactRange(op, a, b);
  return result !== null && isWithin(result, full) ? result : full;
}

function exactRange(op: BinaryOperator, a: Interval, b: Interval): Interval | null {
  switch (op) {
    case '+':
      return { low: a.low + b.low, high: a.high + b.high };
    case '-':
      return { low: a.low - b.high, high: a.high - b.low };
    case '*': {
      const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
      // Beyond 2^53 a product is not exact, but then it is far outside of both types.
      return { low: Math.min(...corners), high: Math.max(...corners) };
    }
    case '/':
      if (a.low < 0 || b.low <= 0) return null;
      return { low: Math.floor(a.low / b.high), high: Math.floor(a.high / b.low) };
    case '%':
      return remainderRange(a, b);
    case '&':
      if (a.low >= 0 && b.low >= 0) return { low: 0, high: Math.min(a.high, b.high) };
      if (b.low >= 0) return { low: 0, high: b.high };
      return a.low >= 0 ? { low: 0, high: a.high } : null;
    case '>>':
      if (a.low < 0 || b.low !== b.high) return null;
      return {
        low: Math.floor(a.low / 2 ** (b.low & 31)),
        high: Math.floor(a.high / 2 ** (b.low & 31)),
      };
    default:
      return null;
  }
}

/** A remainder by 0 is 0, which every one of these ranges contains. */
function remainderRange(a: Interval, b: Interval): Interval {
  const divisor = Math.max(Math.abs(b.low), Math.abs(b.high));
  const limit = Math.max(divisor - 1, 0);
  const low = a.low < 0 ? -Math.min(limit, -a.low) : 0;
  const high = a.high > 0 ? Math.min(limit, a.high) : 0;
  return { low, high };
}

export function mathRange(
  fn: MathFunction,
  type: ValueType,
  a: Interval,
  b: Interval | null,
): Interval {
  const full = fullRange(type);
  if (fn === 'clz') return { low: 0, high: 32 };
  if (fn === 'abs' && type === 'u32') return a;
  if (fn === 'abs' && a.low > full.low) {
    const high = Math.max(Math.abs(a.low), Math.abs(a.high));
    return {
      low: a.low <= 0 && a.high >= 0 ? 0 : Math.min(Math.abs(a.low), Math.abs(a.high)),
      high,
    };
  }
  if (b === null) return full;
  if (fn === 'min') return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
  if (fn === 'max') return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
  return full;
}
