import type { Storage, ValueType } from '../ir/types.ts';

/** i32, u32, f32, f64 are numbers; i64, u64 are bigints; bool is a boolean. */
export type Value = number | bigint | boolean;

export function zeroOf(type: ValueType): Value {
  if (type === 'bool') return false;
  return type === 'i64' || type === 'u64' ? 0n : 0;
}

/** Bytes of a stored scalar. */
export function sizeOfStorage(storage: Storage): number {
  if (storage === 'bool') return 1;
  return Number(storage.slice(1)) / 8;
}
