import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  canonicalText,
  codecOf,
  FbsError,
  type Fields,
  type FieldType,
  layoutOf,
  parseFbs,
  type ScalarName,
} from '@ringkernel/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields, sampleOfFields } from './schema-arbitrary.ts';

function structFields(text: string, name: string): Fields {
  const type = parseFbs(text)[name];
  if (type === undefined) throw new Error(`no struct ${name}`);
  return type.fields;
}

function text(source: string, name: string): string {
  return canonicalText(layoutOf(structFields(source, name)));
}

/** The structs of FlatBuffers' own tests/monster_test.fbs. */
const monster = `
// example IDL file
/* the namespace
   of the example */
namespace MyGame.Example;

attribute "priority";

/// Composite components of Monster color.
enum Color:ubyte (bit_flags) { Red = 0, Green, Blue = 3, }

struct Test { a:short; b:byte; }

struct Vec3 (force_align: 8) {
  x:float;
  y:float;
  z:float;
  test1:double;
  test2:Color;
  test3:Test;
}

struct Ability { id:uint(key); distance:uint; }
struct StructOfStructs { a: Ability; b: MyGame.Example.Test; c: Example.Ability; }
`;

describe('parseFbs', () => {
  test('reads names, namespaces, enums, attributes and nested structs', () => {
    expect(Object.keys(parseFbs(monster))).toEqual([
      'MyGame.Example.Test',
      'MyGame.Example.Vec3',
      'MyGame.Example.Ability',
      'MyGame.Example.StructOfStructs',
    ]);
    expect(text(monster, 'MyGame.Example.Vec3')).toBe(
      '{x:f32,y:f32,z:f32,test1:f64,test2:u8,test3:{a:i16,b:i8}}',
    );
  });

  test('gives the bytes that generated FlatBuffers code writes', () => {
    // createVec3 of flatc's TypeScript: prep(8, 32), pad(2), prep(2, 4), pad(1), b, a, pad(1), test2, test1, pad(4),
    // z, y, x; a builder writes backwards, so this is x at 0, y 4, z 8, test1 16, test2 24, test3.a 26, test3.b 28.
    const layout = layoutOf(structFields(monster, 'MyGame.Example.Vec3'));
    const codec = codecOf(layout);
    expect([layout.size, layout.align]).toEqual([32, 8]);
    const bytes = new Uint8Array(32).fill(0xff);
    codec.encode(new DataView(bytes.buffer), 0, {
      x: 1,
      y: 2,
      z: -2,
      test1: 1,
      test2: 3,
      test3: { a: 5, b: -1 },
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['0000803f', '00000040', '000000c0', '00000000', '000000000000f03f', '03', '00', '0500']
        .concat(['ff', '000000'])
        .join(''),
    );
  });

  test('knows every name of every scalar', () => {
    const names: Readonly<Record<string, ScalarName>> = {
      bool: 'bool',
      byte: 'i8',
      int8: 'i8',
      ubyte: 'u8',
      uint8: 'u8',
      short: 'i16',
      int16: 'i16',
      ushort: 'u16',
      uint16: 'u16',
      int: 'i32',
      int32: 'i32',
      uint: 'u32',
      uint32: 'u32',
      long: 'i64',
      int64: 'i64',
      ulong: 'u64',
      uint64: 'u64',
      float: 'f32',
      float32: 'f32',
      double: 'f64',
      float64: 'f64',
    };
    for (const [name, scalar] of Object.entries(names)) {
      const source = `struct S { one: ${name}; many: [${name}:0x10]; }`;
      expect(text(source, 'S')).toBe(`{one:${scalar},many:[${scalar}:16]}`);
    }
  });

  test('looks names up from the inside out', () => {
    const source = `
      struct P { x: int; }
      namespace a; struct P { y: int; }
      namespace a.b; struct Inner { p: P; }
      namespace c; struct Outer { p: P; q: a.P; r: a.b.Inner; }
      namespace; struct Top { p: P; }`;
    expect(text(source, 'a.b.Inner')).toBe('{p:{y:i32}}');
    expect(text(source, 'c.Outer')).toBe('{p:{x:i32},q:{y:i32},r:{p:{y:i32}}}');
    expect(text(source, 'Top')).toBe('{p:{x:i32}}');
  });

  const refused: readonly [string, code: string, place: string, words: string][] = [
    ['table T { a: int; }', 'RK_FBS_UNSUPPORTED', '1:1', 'table'],
    ['struct S { a: int; }\nunion U { S }', 'RK_FBS_UNSUPPORTED', '2:1', 'union'],
    ['struct S { a: int; }\n  root_type S;', 'RK_FBS_UNSUPPORTED', '2:3', 'root_type'],
    ['include "a.fbs";', 'RK_FBS_UNSUPPORTED', '1:1', 'include'],
    ['struct S { a: string; }', 'RK_FBS_UNSUPPORTED', '1:15', 'string'],
    ['struct S { a: [int]; }', 'RK_FBS_UNSUPPORTED', '1:19', 'vectors'],
    ['struct S { a: [[int:2]:3]; }', 'RK_FBS_UNSUPPORTED', '1:16', 'arrays'],
    ['struct S { a: int = 3; }', 'RK_FBS_UNSUPPORTED', '1:19', 'default'],
    ['struct S { a: int (deprecated); }', 'RK_FBS_UNSUPPORTED', '1:20', 'deprecated'],
    ['struct S (force_align: 16) { a: int; }', 'RK_FBS_UNSUPPORTED', '1:11', 'force_align: 16'],
    ['struct S { a: T; }\nstruct T { b: int; }', 'RK_FBS_TYPE', '1:15', 'found T'],
    ['struct S { a: S; }', 'RK_FBS_TYPE', '1:15', 'found S'],
    ['struct S { }', 'RK_FBS_SYNTAX', '1:8', 'wanted a field'],
    ['struct S { a: int; a: int; }', 'RK_FBS_SYNTAX', '1:20', 'not taken'],
    ['struct S { __proto__: int; }', 'RK_FBS_SYNTAX', '1:12', 'not taken'],
    ['struct S { a: int; }\nstruct S { a: int; }', 'RK_FBS_SYNTAX', '2:8', 'not taken'],
    ['struct S { a int; }', 'RK_FBS_SYNTAX', '1:14', 'wanted ":", found "int"'],
    ['struct S { a: [int:0]; }', 'RK_FBS_SYNTAX', '1:20', 'array length'],
    ['struct S { a: [int:65536]; }', 'RK_FBS_SYNTAX', '1:20', 'array length'],
    ['struct S { a: int;', 'RK_FBS_SYNTAX', '1:19', 'the end of the text'],
    ['struct S { a: int; } /* x', 'RK_FBS_SYNTAX', '1:22', 'does not end'],
    ['struct S { a: int; } §', 'RK_FBS_SYNTAX', '1:22', '§'],
    ['enum E: float { A }', 'RK_FBS_SYNTAX', '1:9', 'integer type'],
    ['hello', 'RK_FBS_SYNTAX', '1:1', 'hello'],
  ];
  test.each(refused)('refuses %j', (source, code, place, words) => {
    let error: unknown;
    try {
      parseFbs(source);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FbsError);
    const { message, line, column, code: found } = error as FbsError;
    expect([found, `${line}:${column}`]).toEqual([code, place]);
    expect(message).toContain(`${place}: `);
    expect(message).toContain(words);
  });

  test('throws nothing but FbsError at any text', () => {
    const pieces = ['struct', 'S', '{', '}', 'a', ':', 'int', '[', ']', '4', ';', '(', ')', '\n'];
    const more = ['namespace', '.', 'enum', '=', ',', '/*', '//', '"x"', 'force_align', 'table'];
    const noise = fc.array(fc.oneof(fc.constantFrom(...pieces, ...more), fc.string()));
    fc.assert(
      fc.property(noise, (words) => {
        try {
          parseFbs(words.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(FbsError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** FlatBuffers has no f16. */
const flatcNames: Readonly<Record<Exclude<ScalarName, 'f16'>, string>> = {
  bool: 'bool',
  u8: 'ubyte',
  u16: 'ushort',
  u32: 'uint',
  u64: 'ulong',
  i8: 'byte',
  i16: 'short',
  i32: 'int',
  i64: 'long',
  f32: 'float',
  f64: 'double',
};

/** Writes random fields as FlatBuffers structs, inner ones first. */
function fbsOf(of: Fields, name: string, out: string[]): void {
  const typeName = (type: FieldType, path: string): string => {
    if (type.kind === 'scalar') return flatcNames[type.scalar as keyof typeof flatcNames];
    if (type.kind === 'ref') return 'uint';
    if (type.kind === 'array') return `[${typeName(type.element, path)}:${type.length}]`;
    fbsOf(type.fields, path, out);
    return path;
  };
  const lines = Object.entries(of).map(
    ([key, type], i) => `${key}: ${typeName(type, `${name}_${i}`)};`,
  );
  out.push(`struct ${name} { ${lines.join(' ')} }`);
}

/** JSON as flatc reads it: 64-bit integers as digits, no negative zero. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'bigint') return `bigint:${inner}`;
    return inner === 0 ? 0 : inner;
  }).replaceAll(/"bigint:(-?\d+)"/g, '$1');
}

/** The struct in field 0 of the table that is the root of a FlatBuffer. */
function structIn(buffer: Buffer, size: number): Uint8Array {
  const root = buffer.readUInt32LE(0);
  const vtable = root - buffer.readInt32LE(root);
  const at = root + buffer.readUInt16LE(vtable + 4);
  return new Uint8Array(buffer.subarray(at, at + size));
}

const flatc = spawnSync('flatc', ['--version'], { encoding: 'utf8' });

describe('beside flatc', () => {
  test('random structs have the same bytes', (context) => {
    if (flatc.status !== 0) context.skip('flatc is not installed (Debian: flatbuffers-compiler)');
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-fbs-'));
    const finite = (value: unknown): boolean =>
      !/NaN|Infinity|-0[,\]}]/.test(fc.stringify(value).replaceAll(/\s/g, ''));
    const samples = fields(2, 1)
      .filter((of) => !canonicalText(layoutOf(of)).includes('f16'))
      .map((of) => Object.fromEntries(Object.values(of).map((type, i) => [`f${i}`, type])))
      .chain((of) => fc.tuple(fc.constant(of), sampleOfFields(of)))
      .filter(([, sample]) => finite(sample.output));
    try {
      fc.assert(
        fc.property(samples, ([of, { output }]) => {
          const source: string[] = [];
          fbsOf(of, 'S', source);
          const structs = source.join('\n');
          writeFileSync(join(folder, 's.fbs'), `${structs}\ntable T { s: S; }\nroot_type T;`);
          writeFileSync(join(folder, 's.json'), `{ "s": ${jsonOf(output)} }`);
          const args = ['--binary', '--strict-json', '-o', folder, 's.fbs', 's.json'];
          const { status, stderr, stdout } = spawnSync('flatc', args, {
            cwd: folder,
            encoding: 'utf8',
          });
          expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
          const codec = codecOf(layoutOf(structFields(structs, 'S')));
          const bytes = new Uint8Array(codec.size);
          codec.encode(new DataView(bytes.buffer), 0, output);
          expect(structIn(readFileSync(join(folder, 's.bin')), codec.size)).toEqual(bytes);
        }),
        { numRuns: 60 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
