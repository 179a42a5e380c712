import type { Storage } from './types.ts';

/** Bytes of a scalar in memory. */
export type ElementSize = 1 | 2 | 4 | 8;

const sizes: Readonly<Record<Storage, ElementSize>> = {
  bool: 1,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
};

export function elementSize(storage: Storage): ElementSize {
  return sizes[storage];
}
