import type { StructLayout, TypeLayout } from '@ringkernel/core';
import type { Storage } from './types.ts';

/** A scalar somewhere in a struct; one per path, with the arrays around it as dimensions. */
export interface Leaf {
  readonly path: readonly string[];
  readonly storage: Storage;
  readonly offset: number;
  readonly dimensions: readonly { readonly stride: number; readonly length: number }[];
}

export function leavesOf(layout: StructLayout): Leaf[] {
  return layout.fields.flatMap(({ name, type, offset }) => leavesOfType(type, [name], offset, []));
}

function leavesOfType(
  type: TypeLayout,
  path: readonly string[],
  offset: number,
  dimensions: Leaf['dimensions'],
): Leaf[] {
  switch (type.kind) {
    case 'scalar':
    case 'ref':
      return [{ path, storage: storageOf(type), offset, dimensions }];
    case 'array': {
      const { stride, length } = type;
      const inner = [...dimensions, { stride, length }];
      return leavesOfType(type.element, [...path, '[]'], offset, inner);
    }
    case 'struct':
      return type.layout.fields.flatMap((field) =>
        leavesOfType(field.type, [...path, field.name], offset + field.offset, dimensions),
      );
  }
}

/** Every scalar of a struct by its own offset: arrays are unrolled. */
export function scalarsOf(layout: StructLayout): { offset: number; storage: Storage }[] {
  return leavesOf(layout).flatMap(({ storage, offset, dimensions }) => {
    let offsets = [offset];
    for (const { stride, length } of dimensions) {
      const steps = Array.from({ length }, (_, i) => i * stride);
      offsets = offsets.flatMap((start) => steps.map((step) => start + step));
    }
    return offsets.map((at) => ({ offset: at, storage }));
  });
}

/** How a scalar or a reference lies in memory. */
export function storageOf(type: TypeLayout): Storage {
  if (type.kind !== 'scalar') return 'u32';
  return type.name === 'f16' ? 'u16' : type.name;
}

/** The bytes that a scalar with these arrays around it can be at. */
export function bytesOf(
  { storage, offset }: Pick<Leaf, 'storage' | 'offset'>,
  arrays: Leaf['dimensions'],
): { readonly start: number; readonly end: number } {
  const size = storage === 'bool' ? 1 : Number(storage.slice(1)) / 8;
  const last = arrays.reduce((at, { stride, length }) => at + stride * (length - 1), offset);
  return { start: offset, end: last + size };
}
