import type { ScalarName } from '@ringkernel/core';
import type { ValueType } from '../ir/types.ts';

const limits: Partial<Record<ScalarName, readonly [bigint, bigint]>> = {
  u8: [0n, 2n ** 8n - 1n],
  i8: [-(2n ** 7n), 2n ** 7n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  i16: [-(2n ** 15n), 2n ** 15n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

/** Whether a literal can be stored without loss of its upper bits. */
export function fitsStorage(value: number | bigint | boolean, storage: ScalarName): boolean {
  const range = limits[storage];
  if (range === undefined || typeof value === 'boolean') return true;
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  const whole = BigInt(value);
  return whole >= range[0] && whole <= range[1];
}

/**
 * A literal as a constant of its type; undefined when it does not fit. `bits`: an i32 may also be written as the u32
 * with the same bits, as in `x & 0xff000000`.
 */
export function fitConstant(
  value: number | bigint | boolean,
  type: ValueType,
  bits: boolean,
): number | bigint | boolean | undefined {
  if (typeof value === 'boolean' || type === 'bool') return value;
  if (type === 'f64') return Number(value);
  if (type === 'f32') {
    const rounded = Math.fround(Number(value));
    return Number.isFinite(rounded) ? rounded : undefined;
  }
  if (type === 'i32' && bits && fitsStorage(value, 'u32')) return Number(value) | 0;
  if (!fitsStorage(value, type)) return undefined;
  return type === 'i64' || type === 'u64' ? BigInt(value) : Number(value) + 0;
}
