import {
  array,
  bool,
  type ElementType,
  type Fields,
  type FieldType,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  ref,
  type ScalarName,
  type ScalarType,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '@ringkernel/core';
import * as fc from 'fast-check';

const words: Readonly<Record<ScalarName, ScalarType>> = {
  bool,
  u8,
  u16,
  u32,
  u64,
  i8,
  i16,
  i32,
  i64,
  f16,
  f32,
  f64,
};

const values: Readonly<Record<ScalarName, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  u8: fc.integer({ min: 0, max: 0xff }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  u32: fc.integer({ min: 0, max: 0xffffffff }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  i8: fc.integer({ min: -0x80, max: 0x7f }),
  i16: fc.integer({ min: -0x8000, max: 0x7fff }),
  i32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f16: fc.double().map((x) => f16(x)),
  f32: fc.float(),
  f64: fc.double(),
};

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,7}$/);
const scalar: fc.Arbitrary<ElementType> = fc.constantFrom(...Object.values(words));

function element(depth: number): fc.Arbitrary<ElementType> {
  const leaf = fc.oneof(
    { weight: 8, arbitrary: scalar },
    { weight: 1, arbitrary: fc.constant(ref()) },
  );
  if (depth === 0) return leaf;
  const nested = fields(depth - 1, 1).map((inner) => struct(inner));
  return fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: nested });
}

function field(depth: number): fc.Arbitrary<FieldType> {
  const of = element(depth);
  const many = fc.tuple(of, fc.integer({ min: 1, max: 5 })).map(([type, n]) => array(type, n));
  return fc.oneof({ weight: 3, arbitrary: of }, { weight: 1, arbitrary: many });
}

/** Random fields, nested up to `depth`. */
export function fields(depth: number, minLength = 0): fc.Arbitrary<Fields> {
  return fc
    .uniqueArray(fc.tuple(name, field(depth)), {
      selector: ([key]) => key,
      minLength,
      maxLength: 6,
    })
    .map((entries) => Object.fromEntries(entries));
}

/** A value of a type as it is given to `encode`, with what `decode` has to give back for it. */
export interface Sample {
  readonly input: unknown;
  readonly output: unknown;
}

function sampleOf(type: FieldType): fc.Arbitrary<Sample> {
  switch (type.kind) {
    case 'scalar':
      return values[type.scalar].map((input) => ({ input, output: input }));
    case 'ref':
      return fc
        .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.boolean())
        .map(([address, plain]) => ({ input: plain ? address : { address }, output: address }));
    case 'struct':
      return sampleOfFields(type.fields);
    case 'array': {
      const { element: of, length } = type;
      return fc.array(sampleOf(of), { maxLength: length }).map((items) => {
        const output = items.map((item) => item.output);
        while (output.length < length) output.push(zeroOf(of));
        return { input: items.map((item) => item.input), output };
      });
    }
  }
}

/** What a type's zero bytes decode to. */
function zeroOf(type: FieldType): unknown {
  switch (type.kind) {
    case 'scalar':
      return type.scalar === 'bool'
        ? false
        : type.scalar.endsWith('64') && type.scalar !== 'f64'
          ? 0n
          : 0;
    case 'ref':
      return 0;
    case 'array':
      return Array.from({ length: type.length }, () => zeroOf(type.element));
    case 'struct':
      return Object.fromEntries(
        Object.entries<FieldType>(type.fields).map(([key, inner]) => [key, zeroOf(inner)]),
      );
  }
}

export function sampleOfFields(of: Fields): fc.Arbitrary<Sample> {
  const entries = Object.entries(of);
  return fc.tuple(...entries.map(([, type]) => sampleOf(type))).map((samples) => {
    const pick = (side: keyof Sample): unknown =>
      Object.fromEntries(entries.map(([key], i) => [key, samples[i]?.[side]]));
    return { input: pick('input'), output: pick('output') };
  });
}
