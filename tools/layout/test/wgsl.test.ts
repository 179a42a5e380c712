import { generate, placeLayout, sharedLayout } from '@ringkernel/layout';
import { describe, expect, it } from 'vitest';

const text = generate(sharedLayout).get('packages/core/layout/ringkernel_layout.wgsl') ?? '';

interface Measured {
  readonly align: number;
  readonly size: number;
  readonly offsets: ReadonlyMap<string, number>;
}

/** Sizes and offsets of the emitted structs by WGSL 14.4.1, computed from the text alone. */
function measure(): ReadonlyMap<string, Measured> {
  const known = new Map<string, { readonly align: number; readonly size: number }>([
    ['u32', { align: 4, size: 4 }],
    ['vec2u', { align: 8, size: 8 }],
  ]);
  const structs = new Map<string, Measured>();
  const typeOf = (name: string): { readonly align: number; readonly size: number } => {
    const array = /^array<(\w+), (\d+)>$/.exec(name);
    const type = known.get(array?.[1] ?? name);
    if (type === undefined) throw new Error(`unknown WGSL type ${name}`);
    return array === null ? type : { align: type.align, size: type.size * Number(array[2]) };
  };
  for (const [, name = '', body = ''] of text.matchAll(/struct (\w+) \{\n([^}]*)\}/g)) {
    const offsets = new Map<string, number>();
    let end = 0;
    let align = 1;
    for (const [, member = '', typeName = ''] of body.matchAll(/ {2}(\w+): (.+),\n/g)) {
      const type = typeOf(typeName);
      const offset = Math.ceil(end / type.align) * type.align;
      offsets.set(member, offset);
      end = offset + type.size;
      align = Math.max(align, type.align);
    }
    const measured = { align, size: Math.ceil(end / align) * align, offsets };
    known.set(name, measured);
    structs.set(name, measured);
  }
  return structs;
}

describe('WGSL declarations', () => {
  const measured = measure();
  const { structs } = placeLayout(sharedLayout);
  it.each(structs.map((struct) => [struct.name, struct] as const))('%s', (name, struct) => {
    const found = measured.get(`Rk${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    expect(found?.size).toBe(struct.sizeBytes);
    const words = struct.fields.filter(({ offset }) => offset % 4 === 0);
    expect([...(found?.offsets.values() ?? [])]).toEqual(words.map(({ offset }) => offset));
  });

  it('packs the fields of one word into one member', () => {
    expect(measured.get('RkMessageHeader')?.offsets.get('priority_hops_flags')).toBe(12);
    expect(text).toContain('const RK_MESSAGE_HEADER_FLAGS_SHIFT: u32 = 16u;');
  });
});
