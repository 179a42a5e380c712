import { describeValue, SchemaError } from './errors.ts';
import type { ScalarName, StructLayout, TypeLayout } from './layout.ts';

/** The integer range of each scalar that has one. */
const ranges: Readonly<Partial<Record<ScalarName, readonly [min: number, max: number]>>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffffffff],
  i8: [-0x80, 0x7f],
  i16: [-0x8000, 0x7fff],
  i32: [-0x80000000, 0x7fffffff],
};

function refuse(path: string, wanted: string, found: string): never {
  throw new SchemaError('RK_SCHEMA_VALUE', `${path}: wanted ${wanted}, found ${found}`, {
    path,
    wanted,
    found,
  });
}

function validateScalar(scalar: ScalarName, value: unknown, path: string): void {
  switch (scalar) {
    case 'bool':
      if (typeof value !== 'boolean') refuse(path, 'a boolean (bool)', describeValue(value));
      return;
    case 'f32':
    case 'f64':
      if (typeof value !== 'number') refuse(path, `a number (${scalar})`, describeValue(value));
      return;
    case 'u64':
      if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) {
        refuse(path, 'a bigint from 0n to 2n ** 64n - 1n (u64)', describeValue(value));
      }
      return;
    case 'i64':
      if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
        refuse(path, 'a bigint from -(2n ** 63n) to 2n ** 63n - 1n (i64)', describeValue(value));
      }
      return;
    default: {
      const [min, max] = ranges[scalar] as readonly [number, number];
      const fits = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
      if (!fits)
        refuse(path, `a whole number from ${min} to ${max} (${scalar})`, describeValue(value));
    }
  }
}

function validateType(type: TypeLayout, value: unknown, path: string): void {
  switch (type.kind) {
    case 'scalar':
      validateScalar(type.name, value, path);
      return;
    case 'ref': {
      const address = addressOf(value);
      const fits = Number.isInteger(address) && (address as number) >= 0;
      if (!fits || (address as number) > 0xffffffff) {
        const whose = type.actor === null ? 'an actor' : type.actor;
        refuse(path, `the address of ${whose}, a u32, or { address }`, describeValue(value));
      }
      return;
    }
    case 'struct':
      validateStruct(type.layout, value, path);
      return;
    case 'array': {
      const wanted = `an array of at most ${type.length} elements`;
      if (typeof value !== 'object' || value === null) refuse(path, wanted, describeValue(value));
      const { length } = value as ArrayLike<unknown>;
      if (!Number.isInteger(length) || length < 0) refuse(path, wanted, describeValue(value));
      if (length > type.length) refuse(path, wanted, `${length} elements`);
      for (let i = 0; i < length; i++) {
        validateType(type.element, (value as ArrayLike<unknown>)[i], `${path}[${i}]`);
      }
    }
  }
}

function names(layout: StructLayout): string {
  if (layout.fields.length === 0) return 'no fields';
  return `the fields ${layout.fields.map((field) => field.name).join(', ')}`;
}

/** What is written for a reference: an address, or whatever has one. */
export function addressOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'address' in value ? value.address : value;
}

/**
 * Checks a value against a layout and throws `SchemaError` RK_SCHEMA_VALUE for the first thing that does not fit.
 * `path` is what the value is called in the error.
 */
export function validateStruct(layout: StructLayout, value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) {
    refuse(path, `an object with ${names(layout)}`, describeValue(value));
  }
  for (const { name, type } of layout.fields) {
    if (!(name in value)) refuse(`${path}.${name}`, 'a value', 'no such field');
    validateType(type, (value as Record<string, unknown>)[name], `${path}.${name}`);
  }
  for (const key in value) {
    if (!layout.fields.some((field) => field.name === key)) {
      refuse(`${path}.${key}`, names(layout), `the unknown field ${key}`);
    }
  }
}
