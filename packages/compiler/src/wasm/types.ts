import type { Storage, ValueType } from '../ir/types.ts';
import { opcode } from './opcodes.ts';

/** What WebAssembly computes with. */
export type WasmType = 'i32' | 'i64' | 'f32' | 'f64';

export const typeCodes: Readonly<Record<WasmType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
};

/** Booleans are 0 and 1; signed and unsigned integers are the same bits. */
export function wasmType(type: ValueType): WasmType {
  if (type === 'bool' || type === 'u32') return 'i32';
  return type === 'u64' ? 'i64' : type;
}

export function isUnsigned(type: ValueType): boolean {
  return type === 'u32' || type === 'u64';
}

interface Access {
  readonly load: number;
  readonly store: number;
  /** Bytes, and what they are a power of two of. */
  readonly size: 1 | 2 | 4 | 8;
  readonly alignment: number;
}

/** How a stored scalar is read and written; narrow ones are widened on the way. */
export const accesses: Readonly<Record<Storage, Access>> = {
  bool: { load: opcode.i32Load8U, store: opcode.i32Store8, size: 1, alignment: 0 },
  u8: { load: opcode.i32Load8U, store: opcode.i32Store8, size: 1, alignment: 0 },
  i8: { load: opcode.i32Load8S, store: opcode.i32Store8, size: 1, alignment: 0 },
  u16: { load: opcode.i32Load16U, store: opcode.i32Store16, size: 2, alignment: 1 },
  i16: { load: opcode.i32Load16S, store: opcode.i32Store16, size: 2, alignment: 1 },
  u32: { load: opcode.i32Load, store: opcode.i32Store, size: 4, alignment: 2 },
  i32: { load: opcode.i32Load, store: opcode.i32Store, size: 4, alignment: 2 },
  f32: { load: opcode.f32Load, store: opcode.f32Store, size: 4, alignment: 2 },
  u64: { load: opcode.i64Load, store: opcode.i64Store, size: 8, alignment: 3 },
  i64: { load: opcode.i64Load, store: opcode.i64Store, size: 8, alignment: 3 },
  f64: { load: opcode.f64Load, store: opcode.f64Store, size: 8, alignment: 3 },
};
