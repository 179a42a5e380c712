import type { ValueType } from './types.ts';

const ends: Readonly<
  Record<
    Exclude<ValueType, 'bool'>,
    { readonly min: number | bigint; readonly max: number | bigint }
  >
> = {
  i32: { min: 2 ** 31 - 1, max: -(2 ** 31) },
  u32: { min: 2 ** 32 - 1, max: 0 },
  i64: { min: 2n ** 63n - 1n, max: -(2n ** 63n) },
  u64: { min: 2n ** 64n - 1n, max: 0n },
  f32: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  f64: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
};

/** What a lane of a reduction starts with: for a sum 0, else the end of the type's range that gives way to every value. */
export function laneStart(op: 'sum' | 'min' | 'max', type: ValueType): number | bigint {
  if (type === 'bool') throw new RangeError('there is no reduction of truth values');
  if (op !== 'sum') return ends[type][op];
  return type === 'i64' || type === 'u64' ? 0n : 0;
}
