import { spawnSync } from 'node:child_process';
import {
  array,
  bool,
  type Codec,
  codecOf,
  type Fields,
  f32,
  i16,
  layoutOf,
  ref,
  SchemaError,
  struct,
  tableCodecOf,
  u8,
  u32,
  u64,
} from '@ringkernel/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields, type Sample, sampleOfFields } from './schema-arbitrary.ts';

function caught(action: () => unknown): SchemaError {
  try {
    action();
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function bothCodecs(of: Fields, name = 'Trade'): readonly [Codec, Codec] {
  const layout = layoutOf(of);
  return [codecOf(layout, name), tableCodecOf(layout, name)];
}

/** Bytes of a value, written where there was something else before, with guards on both sides. */
function encoded(codec: Codec, value: unknown): Uint8Array {
  const bytes = new Uint8Array(codec.size + 16).fill(0xa5);
  codec.encode(new DataView(bytes.buffer), 8, value);
  expect([...bytes.subarray(0, 8), ...bytes.subarray(8 + codec.size)]).toEqual(
    Array(16).fill(0xa5),
  );
  return bytes.slice(8, 8 + codec.size);
}

const withSample = fields(3).chain((of) => fc.tuple(fc.constant(of), sampleOfFields(of)));

function roundTrip([of, { input, output }]: readonly [Fields, Sample]): void {
  const [generated, table] = bothCodecs(of);
  expect([generated.kind, table.kind]).toEqual(['generated', 'table']);
  const bytes = encoded(generated, input);
  expect(encoded(table, input)).toEqual(bytes);
  const view = new DataView(bytes.buffer);
  for (const codec of [generated, table]) {
    expect(codec.decode(view, 0)).toEqual(output);
    expect(codec.decodeChecked(view, 0, bytes.length)).toEqual(output);
  }
}

describe('codecs', () => {
  test('give back what they were given, both kinds with the same bytes', () => {
    fc.assert(fc.property(withSample, roundTrip), { numRuns: 500 });
  });

  test('refuse the same wrong values, with the same words', () => {
    const wrong = fc.oneof(
      fc.anything(),
      fc.constantFrom(-0, 2 ** 32, -1, 1.5, 3n, -1n, 1n << 64n),
    );
    const mutation = withSample.chain(([of, sample]) =>
      fc.tuple(
        fc.constant(of),
        fc.constant(sample),
        fc.constantFrom(...Object.keys(of), 'extra'),
        wrong,
      ),
    );
    fc.assert(
      fc.property(mutation, ([of, { input }, key, value]) => {
        const changed = { ...(input as object), [key]: value };
        const results = bothCodecs(of).map((codec) => {
          const view = new DataView(new ArrayBuffer(codec.size));
          try {
            codec.encode(view, 0, changed);
            return [...new Uint8Array(view.buffer)];
          } catch (error) {
            expect(error).toBeInstanceOf(SchemaError);
            // Nothing is written before the whole value is known to fit.
            expect([...new Uint8Array(view.buffer)].every((byte) => byte === 0)).toBe(true);
            return [(error as SchemaError).code, (error as SchemaError).message];
          }
        });
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: 500 },
    );
  });

  test('never crash on bytes from outside', () => {
    const withBytes = fields(2).chain((of) =>
      fc.tuple(fc.constant(of), fc.uint8Array({ maxLength: layoutOf(of).size + 2 })),
    );
    fc.assert(
      fc.property(withBytes, ([of, bytes]) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (const codec of bothCodecs(of)) {
          try {
            const value = codec.decodeChecked(view, 0, bytes.byteLength);
            // What was accepted can be encoded again.
            codec.encode(new DataView(new ArrayBuffer(codec.size)), 0, value);
          } catch (error) {
            expect((error as SchemaError).code).toBe('RK_SCHEMA_BYTES');
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  const trade = {
    id: u32,
    ok: bool,
    seq: u64,
    history: array(struct({ price: f32, side: i16 }), 4),
    to: ref(),
  };
  const right = { id: 1, ok: true, seq: 2n, history: [{ price: 1, side: -1 }], to: 64 };
  const item = { price: 1, side: 0 };
  const wrong: readonly [path: string, value: unknown][] = [
    ['Trade', null],
    ['Trade', 7],
    ['Trade.id', { ...right, id: -1 }],
    ['Trade.id', { ...right, id: '1' }],
    ['Trade.id', { ...right, id: 1n }],
    ['Trade.id', { ...right, id: Symbol('1') }],
    ['Trade.id', { ...right, id: 2 ** 32 }],
    ['Trade.id', { ...right, id: Number.NaN }],
    ['Trade.ok', { ...right, ok: 1 }],
    ['Trade.seq', { ...right, seq: 2 }],
    ['Trade.seq', { ...right, seq: 2n ** 64n }],
    ['Trade.seq', { ...right, seq: -1n }],
    ['Trade.history', { ...right, history: [item, item, item, item, item] }],
    ['Trade.history', { ...right, history: 'abc' }],
    ['Trade.history', { ...right, history: { length: -1 } }],
    ['Trade.history[1].price', { ...right, history: [item, { price: '1', side: 0 }] }],
    ['Trade.history[0].side', { ...right, history: [{ price: 1, side: 40_000 }] }],
    ['Trade.history[0].side', { ...right, history: [{ price: 1 }] }],
    ['Trade.history[0].x', { ...right, history: [{ price: 1, side: 1, x: 1 }] }],
    ['Trade.history[0]', { ...right, history: [null] }],
    ['Trade.to', { ...right, to: { address: -1 } }],
    ['Trade.to', { ...right, to: {} }],
    ['Trade.to', { ...right, to: null }],
    ['Trade.more', { ...right, more: 1 }],
    ['Trade.id', { ok: true, seq: 2n, history: [], to: 64 }],
  ];
  test.each(wrong)('say that %s does not fit', (path, value) => {
    for (const codec of bothCodecs(trade)) {
      const view = new DataView(new ArrayBuffer(codec.size));
      const error = caught(() => codec.encode(view, 0, value));
      expect([error.code, error.path]).toEqual(['RK_SCHEMA_VALUE', path]);
      expect(error.message).toBe(`${path}: wanted ${error.wanted}, found ${error.found}`);
    }
  });

  test('take typed arrays, objects with an address and instances of classes', () => {
    class Position {
      readonly #at = 7;
      get x(): number {
        return this.#at;
      }
    }
    const of = { xs: array(f32, 4), peers: array(ref(), 2), at: struct({ x: u8 }) };
    for (const codec of bothCodecs(of)) {
      const value = {
        xs: new Float32Array([1, 2]),
        peers: [{ address: 70 }, 3],
        at: new Position(),
      };
      const bytes = encoded(codec, value);
      expect(codec.decode(new DataView(bytes.buffer), 0)).toEqual({
        xs: [1, 2, 0, 0],
        peers: [70, 3],
        at: { x: 7 },
      });
    }
  });

  test('round to f32, and keep NaN and infinity', () => {
    for (const codec of bothCodecs({ xs: array(f32, 4) })) {
      const bytes = encoded(codec, { xs: [0.1, Number.NaN, -Infinity, 1e300] });
      expect(codec.decode(new DataView(bytes.buffer), 0)).toEqual({
        xs: [Math.fround(0.1), Number.NaN, -Infinity, Infinity],
      });
    }
  });

  test('work on shared memory', () => {
    for (const codec of bothCodecs({ a: u32, b: u64 })) {
      const view = new DataView(new SharedArrayBuffer(64));
      codec.encode(view, 16, { a: 5, b: 6n });
      expect(codec.decode(view, 16)).toEqual({ a: 5, b: 6n });
    }
  });

  test('refuse memory that is too short', () => {
    for (const codec of bothCodecs({ a: u32 })) {
      const view = new DataView(new ArrayBuffer(6));
      for (const offset of [3, -1, Number.NaN, 100]) {
        const actions = [
          () => codec.encode(view, offset, { a: 1 }),
          () => codec.decode(view, offset),
          () => codec.decodeChecked(view, offset, 4),
        ];
        for (const action of actions) expect(caught(action).code).toBe('RK_SCHEMA_BYTES');
      }
      expect(caught(() => codec.decodeChecked(view, 0, 3)).found).toBe('3 bytes');
      expect(caught(() => codec.decodeChecked(view, 0, 6)).found).toBe('6 bytes');
    }
  });

  test('find a bool that is neither 0 nor 1', () => {
    const of = { id: u32, flags: array(struct({ on: bool }), 3) };
    for (const codec of bothCodecs(of)) {
      const view = new DataView(new ArrayBuffer(8));
      view.setUint8(5, 2);
      const error = caught(() => codec.decodeChecked(view, 0, 8));
      expect([error.code, error.path, error.found]).toEqual([
        'RK_SCHEMA_BYTES',
        'Trade.flags[1].on',
        'byte 2',
      ]);
    }
  });

  test('are made once per layout and name', () => {
    const layout = layoutOf({ a: u32 });
    expect(codecOf(layout, 'A')).toBe(codecOf(layout, 'A'));
    expect(codecOf(layout, 'A')).not.toBe(codecOf(layout, 'B'));
  });

  test('do not let a layout from outside into generated code', () => {
    const field = { name: 'a"];globalThis.broken=1;//', offset: 0, size: 4 } as const;
    const type = { kind: 'scalar', name: 'u32' } as const;
    const codec = codecOf({ fields: [{ ...field, type }], size: 4, align: 4 });
    codec.encode(new DataView(new ArrayBuffer(4)), 0, { [field.name]: 3 });
    expect('broken' in globalThis).toBe(false);
    const offset = '0);globalThis.broken=1;(0' as unknown as number;
    expect(() => codecOf({ fields: [{ ...field, type, offset }], size: 4, align: 4 })).toThrow(
      TypeError,
    );
  });

  test('work where code generation is refused', () => {
    const script = `
      import { codecOf, layoutOf, array, u32, bool } from '@ringkernel/core';
      const codec = codecOf(layoutOf({ a: u32, b: array(bool, 2) }));
      const view = new DataView(new ArrayBuffer(8));
      codec.encode(view, 0, { a: 7, b: [true] });
      console.log(JSON.stringify([codec.kind, codec.decode(view, 0)]));
    `;
    const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['table', { a: 7, b: [true, false] }]);
  });
});
