import {
  field,
  LayoutError,
  padding,
  placeLayout,
  type StructDescription,
} from '@ringkernel/layout';
import { describe, expect, it } from 'vitest';

const word = field('word', 'u32', '');

function struct(change: Partial<StructDescription>): StructDescription {
  const parts = [{ writer: 'a', members: [field('low', 'u32', ''), field('high', 'u32', '')] }];
  return { name: 'sample', doc: '', sizeBytes: 8, alignBytes: 8, parts, ...change };
}

function place(change: Partial<StructDescription>) {
  return placeLayout({ structs: [struct(change)], constants: [] });
}

function members(...list: StructDescription['parts'][number]['members']) {
  return { parts: [{ writer: 'a', members: list }] };
}

describe('placing', () => {
  it('lays fields one after another', () => {
    const offsets = place({}).structs[0]?.fields.map(({ name, offset }) => [name, offset]);
    expect(offsets).toEqual([
      ['low', 0],
      ['high', 4],
    ]);
  });

  it('flattens nothing and aligns a nested struct by its own rule', () => {
    const outer = struct({
      name: 'outer',
      sizeBytes: 16,
      ...members(field('inner', { struct: 'sample' }, '', 2)),
    });
    const placed = placeLayout({ structs: [struct({}), outer], constants: [] }).structs[1];
    expect(placed?.fields[0]).toMatchObject({ offset: 0, sizeBytes: 16, length: 2 });
  });

  const refused: readonly (readonly [string, Partial<StructDescription>, RegExp])[] = [
    ['a gap before a u64', members(word, field('big', 'u64', '')), /lies at 4.*add padding/],
    ['a gap before a u16', members(field('byte', 'u8', ''), field('half', 'u16', '')), /lies at 1/],
    ['a wrong size', { sizeBytes: 16 }, /has 8 bytes, 16 were stated/],
    ['a size that is no multiple of 8', { sizeBytes: 4, ...members(word) }, /multiple of 8/],
    ['a size below the alignment', { alignBytes: 64 }, /its alignment 64/],
    ['padding of half a word', members(word, padding(2)), /whole words/],
    ['two fields of one name', members(word, word), /two fields called word/],
    ['a reserved word', members(field('active', 'u32', ''), word), /reserved word/],
    ['a snake-case name', members(field('a_b', 'u32', ''), word), /camelCase/],
    ['a name of padding', members(field('padding9', 'u32', ''), word), /padding/],
    ['a struct nobody described', members(field('x', { struct: 'no' }, '')), /not described/],
    ['an array of bytes', members(field('x', 'u8', '', 8)), /smaller than a word/],
    ['an empty array', members(field('x', 'u32', '', 0)), /an array of 0/],
  ];
  it.each(refused)('refuses %s', (_, change, message) => {
    expect(() => place(change)).toThrow(LayoutError);
    expect(() => place(change)).toThrow(message);
  });

  it('refuses two writers on one line', () => {
    const parts = [
      { writer: 'host', members: [word, padding(4)] },
      { writer: 'kernel', members: [field('other', 'u32', ''), padding(52)] },
    ];
    expect(() => place({ parts, sizeBytes: 64, alignBytes: 64 })).toThrow(/host|kernel.*line 0/);
  });

  it('refuses lines that do not begin at a line', () => {
    const parts = [
      { writer: 'host', members: [word, padding(60)] },
      { writer: 'kernel', members: [field('other', 'u32', ''), padding(60)] },
    ];
    expect(() => place({ parts, sizeBytes: 128 })).toThrow(/several writers/);
    expect(place({ parts, sizeBytes: 128, alignBytes: 64 }).structs).toHaveLength(1);
  });

  it('refuses constants that are no u32 or share a name', () => {
    const group = (values: readonly (readonly [string, number, string])[]) => () =>
      placeLayout({ structs: [], constants: [{ name: 'group', doc: '', values }] });
    expect(group([['a', -1, '']])).toThrow(/not a u32/);
    expect(group([['a', 2 ** 32, '']])).toThrow(/not a u32/);
    expect(
      group([
        ['a', 1, ''],
        ['a', 2, ''],
      ]),
    ).toThrow(/there twice/);
  });
});
