import type { StructLayout } from './layout.ts';

/** Padding bytes of a struct, between its fields and after them. */
export interface Gap {
  readonly offset: number;
  readonly size: number;
}

const known = new WeakMap<StructLayout, readonly Gap[]>();

/** Where a struct's own padding is. Nested structs have their own. */
export function gapsOf(layout: StructLayout): readonly Gap[] {
  let gaps = known.get(layout);
  if (gaps === undefined) {
    gaps = findGaps(layout);
    known.set(layout, gaps);
  }
  return gaps;
}

function findGaps(layout: StructLayout): readonly Gap[] {
  const gaps: Gap[] = [];
  let end = 0;
  for (const field of layout.fields) {
    if (field.offset > end) gaps.push({ offset: end, size: field.offset - end });
    end = field.offset + field.size;
  }
  if (layout.size > end) gaps.push({ offset: end, size: layout.size - end });
  return gaps;
}
