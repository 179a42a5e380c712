import {
  array,
  bool,
  canonicalText,
  codecOf,
  type Fields,
  type FieldType,
  f32,
  f64,
  fnv1a,
  layoutOf,
  messageTypeId,
  ref,
  type ScalarName,
  SchemaError,
  type StructType,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '@ringkernel/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields } from './schema-arbitrary.ts';

function caught(action: () => unknown): SchemaError {
  try {
    action();
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The rules again, written without looking at the implementation: bytes are claimed one by one. */
function naive(of: Fields): { readonly offsets: number[]; readonly size: number; align: number } {
  const bytes: Record<ScalarName, number> = {
    ...{
      bool: 1,
      u8: 1,
      i8: 1,
      u16: 2,
      i16: 2,
      f16: 2,
      u32: 4,
      i32: 4,
      f32: 4,
      u64: 8,
      i64: 8,
      f64: 8,
    },
  };
  const measure = (type: FieldType): [size: number, align: number] => {
    if (type.kind === 'scalar') return [bytes[type.scalar], bytes[type.scalar]];
    if (type.kind === 'ref') return [4, 4];
    if (type.kind === 'array') {
      const [size, align] = measure(type.element);
      return [size * type.length, align];
    }
    const inner = naive(type.fields);
    return [inner.size, inner.align];
  };
  const offsets: number[] = [];
  let at = 0;
  let align = 1;
  for (const type of Object.values(of)) {
    const [size, alignment] = measure(type);
    while (at % alignment !== 0) at++;
    offsets.push(at);
    at += size;
    if (alignment > align) align = alignment;
  }
  while (at % align !== 0) at++;
  return { offsets, size: at, align };
}

describe('layoutOf', () => {
  test('agrees with an independent computation', () => {
    fc.assert(
      fc.property(fields(3), (of) => {
        const layout = layoutOf(of);
        const wanted = naive(of);
        expect(layout.fields.map((field) => field.offset)).toEqual(wanted.offsets);
        expect([layout.size, layout.align]).toEqual([wanted.size, wanted.align]);
        expect(layout.fields.map((field) => field.name)).toEqual(Object.keys(of));
        expect(codecOf(layout).size).toBe(wanted.size);
      }),
      { numRuns: 300 },
    );
  });

  test('pads before, between and after', () => {
    const layout = layoutOf({ a: u8, b: u64, c: bool, d: array(u16, 3), e: f64, f: u8 });
    expect(layout.fields.map((field) => field.offset)).toEqual([0, 8, 16, 18, 24, 32]);
    expect([layout.size, layout.align]).toEqual([40, 8]);
  });

  test('aligns nested structs and their arrays', () => {
    const inner = struct({ x: u8, y: u32 });
    const layout = layoutOf({ a: u8, one: inner, many: array(inner, 3), end: u8 });
    expect(layout.fields.map((field) => [field.offset, field.size])).toEqual([
      [0, 1],
      [4, 8],
      [12, 24],
      [36, 1],
    ]);
    expect(layout.size).toBe(40);
  });

  test('of no fields is empty', () => {
    expect(layoutOf({})).toEqual({ fields: [], size: 0, align: 1 });
  });

  test('is computed once, and is plain data', () => {
    const of = { a: u32, peer: ref(), xs: array(f32, 4) };
    expect(layoutOf(of)).toBe(layoutOf(of));
    expect(structuredClone(layoutOf(of))).toEqual(layoutOf(of));
  });

  const cases: readonly [string, Fields, code: string, path: string][] = [
    ['a bad name', { 'a-b': u8 }, 'RK_SCHEMA_NAME', 'a-b'],
    ['a nested bad name', { a: struct({ '': u8 }) }, 'RK_SCHEMA_NAME', 'a.'],
    ['__proto__', { ['__proto__']: u8 }, 'RK_SCHEMA_NAME', '__proto__'],
    ['no length', { a: array(u8, 0) }, 'RK_SCHEMA_ARRAY_LENGTH', 'a'],
    ['half an element', { a: array(u8, 1.5) }, 'RK_SCHEMA_ARRAY_LENGTH', 'a'],
    ['too many', { a: array(u8, 65_537) }, 'RK_SCHEMA_ARRAY_LENGTH', 'a'],
    ['an array of arrays', { a: array(array(u8, 2) as never, 2) }, 'RK_SCHEMA_TYPE', 'a'],
    ['an empty struct', { a: struct({}) }, 'RK_SCHEMA_TYPE', 'a'],
    ['a string for a type', { a: 'u32' as never }, 'RK_SCHEMA_TYPE', 'a'],
    ['nothing for a type', { a: undefined as never }, 'RK_SCHEMA_TYPE', 'a'],
    ['a ref that is not a function', { a: ref('Other') }, 'RK_SCHEMA_REF', 'a'],
    ['a ref to no definition', { a: ref(() => 7) }, 'RK_SCHEMA_REF', 'a'],
    [
      'too many bytes',
      { a: array(struct({ b: array(f64, 65_536) }), 65_536) },
      'RK_SCHEMA_SIZE',
      'a',
    ],
  ];
  test.each(cases)('refuses %s', (_, of, code, path) => {
    const error = caught(() => layoutOf(of));
    expect([error.code, error.path]).toEqual([code, path]);
    expect(error.message).toContain(path);
  });

  test('takes the longest array, and 16 structs in one another', () => {
    expect(layoutOf({ a: array(u8, 65_536) }).size).toBe(65_536);
    let type: StructType = struct({ x: u8 });
    for (let i = 1; i < 16; i++) type = struct({ inner: type });
    expect(layoutOf({ type }).size).toBe(1);
    const error = caught(() => layoutOf({ type: struct({ type }) }));
    expect(error.code).toBe('RK_SCHEMA_DEPTH');
  });

  test('says why a target can not be read yet', () => {
    const of = { peer: ref(() => later) };
    const error = caught(() => layoutOf(of));
    expect([error.code, error.path]).toEqual(['RK_SCHEMA_REF', 'peer']);
    expect(error.cause).toBeInstanceOf(ReferenceError);
    const later = { kind: 'actor', name: 'Later' };
    expect(layoutOf(of).fields[0]?.type).toEqual({ kind: 'ref', actor: 'Later' });
  });
});

describe('canonicalText and fnv1a', () => {
  test('write a layout down', () => {
    const layout = layoutOf({
      count: u32,
      history: array(struct({ price: f32, ok: bool }), 8),
      total: u64,
      peer: ref(),
    });
    expect(canonicalText(layout)).toBe(
      '{count:u32,history:[{price:f32,ok:bool}:8],total:u64,peer:ref}',
    );
  });

  test('hash as published', () => {
    // Test vectors of the authors: http://www.isthe.com/chongo/src/fnv/test_fnv.c
    expect(fnv1a('')).toBe(0x811c9dc5);
    expect(fnv1a('a')).toBe(0xe40c292c);
    expect(fnv1a('foobar')).toBe(0xbf9cf968);
    expect(fnv1a('ä')).toBe(
      Math.imul(Math.imul(0x811c9dc5 ^ 0xc3, 16777619) ^ 0xa4, 16777619) >>> 0,
    );
  });

  test('differ by role, name, field name and type', () => {
    const layout = layoutOf({ a: u32 });
    const ids = [
      messageTypeId('message', 'Add', layout),
      messageTypeId('reply', 'Add', layout),
      messageTypeId('emit', 'Add', layout),
      messageTypeId('message', 'Sub', layout),
      messageTypeId('message', 'Add', layoutOf({ b: u32 })),
      messageTypeId('message', 'Add', layoutOf({ a: f32 })),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe(fnv1a('message Add{a:u32}'));
  });
});
