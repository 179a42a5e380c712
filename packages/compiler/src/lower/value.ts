import type { ScalarName, StructLayout, TypeLayout } from '@ringkernel/core';
import { storageOf } from '../ir/leaves.ts';
import type { Expression, Place, ValueType } from '../ir/types.ts';
import type { Type } from '../types/index.ts';

/** An expression with its type as far as it is known. */
export interface Value {
  readonly e: Expression;
  readonly type: Type;
  /** Of an address: the actor that a `ref` names, null for `ref()`. */
  readonly target?: string | null;
}

/** One `[i]` of a path. */
export interface PathIndex {
  readonly value: Value;
  readonly stride: number;
  readonly length: number;
  /** Cannot be out of range: counted by the compiler itself. */
  readonly safe: boolean;
  readonly site: number;
}

/** Part of the state or of the message: a scalar, an array or a struct. */
export interface Path {
  readonly base: 'state' | 'message';
  readonly type: TypeLayout;
  readonly offset: number;
  readonly indices: readonly PathIndex[];
  readonly names: readonly string[];
}

/** What a name means inside a function. */
export type Binding =
  | { readonly kind: 'local'; readonly id: number; readonly mutable: boolean }
  | { readonly kind: 'context' }
  /** A member taken out of ctx: `const { send } = ctx`. */
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'path'; readonly path: Path }
  /** Another name for a value from outside. */
  | { readonly kind: 'outside'; readonly value: unknown; readonly path: readonly string[] | null }
  /** Its declaration has an error, which is told once. */
  | { readonly kind: 'broken' };

export function structPath(base: 'state' | 'message', layout: StructLayout): Path {
  return { base, type: { kind: 'struct', layout }, offset: 0, indices: [], names: [] };
}

/** The type that a stored scalar has in a handler; null for arrays and structs. */
export function loadedType(type: TypeLayout): ValueType | null {
  if (type.kind === 'ref') return 'u32';
  return type.kind === 'scalar' ? widened(type.name) : null;
}

/** What is narrower than 32 bits in memory is 32 bits wide in a handler. */
export function widened(storage: ScalarName): ValueType {
  if (storage === 'f16') return 'f32';
  if (storage === 'u8' || storage === 'u16') return 'u32';
  return storage === 'i8' || storage === 'i16' ? 'i32' : storage;
}

export function placeOf(path: Path): Place {
  const { base, offset, indices, names, type } = path;
  const storage = storageOf(type);
  const checked = indices.map(({ value, ...index }) => ({ ...index, value: value.e }));
  return { base, path: names, storage, offset, indices: checked };
}
