import { describeValue, SchemaError } from './errors.ts';
import type { ScalarName, StructLayout, TypeLayout } from './layout.ts';

/**
 * The first thing that does not fit. Found without building a path on the way down: on the way back up each level
 * puts its own part in front, so that what fits costs no allocation.
 */
export interface Misfit {
  /** `.price`, `[3].price`, or nothing for the value itself. */
  path: string;
  readonly wanted: string;
  readonly found: string;
}

/** The integer range of each scalar that has one. */
const ranges: Readonly<Partial<Record<ScalarName, readonly [min: number, max: number]>>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffffffff],
  i8: [-0x80, 0x7f],
  i16: [-0x8000, 0x7fff],
  i32: [-0x80000000, 0x7fffffff],
};

function misfit(wanted: string, value: unknown): Misfit {
  return { path: '', wanted, found: describeValue(value) };
}

/** Puts one part of the path in front of what a level below found. */
export function under(part: string, found: Misfit): Misfit {
  found.path = part + found.path;
  return found;
}

/** Throws what was found. `name` is what the whole value is called. */
export function refuse(code: string, name: string, { path, wanted, found }: Misfit): never {
  const where = name + path;
  const message = `${where}: wanted ${wanted}, found ${found}`;
  throw new SchemaError(code, message, { path: where, wanted, found });
}

function checkScalar(scalar: ScalarName, value: unknown): Misfit | null {
  switch (scalar) {
    case 'bool':
      return typeof value === 'boolean' ? null : misfit('a boolean (bool)', value);
    case 'f16':
    case 'f32':
    case 'f64':
      return typeof value === 'number' ? null : misfit(`a number (${scalar})`, value);
    case 'u64': {
      const fits = typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
      return fits ? null : misfit('a bigint from 0n to 2n ** 64n - 1n (u64)', value);
    }
    case 'i64': {
      const fits = typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
      return fits ? null : misfit('a bigint from -(2n ** 63n) to 2n ** 63n - 1n (i64)', value);
    }
    default: {
      const [min, max] = ranges[scalar] as readonly [number, number];
      const fits = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
      return fits ? null : misfit(`a whole number from ${min} to ${max} (${scalar})`, value);
    }
  }
}

function checkRef(actor: string | null, value: unknown): Misfit | null {
  const address = addressOf(value);
  if (typeof address === 'number' && address >>> 0 === address) return null;
  return misfit(`the address of ${actor ?? 'an actor'}, a u32, or { address }`, value);
}

function checkArray(element: TypeLayout, limit: number, value: unknown): Misfit | null {
  const isArrayLike = typeof value === 'object' && value !== null && 'length' in value;
  const length = isArrayLike ? value.length : undefined;
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) {
    return misfit(`an array of at most ${limit} elements`, value);
  }
  if (length > limit) {
    const found = `${length} elements`;
    return { path: '', wanted: `an array of at most ${limit} elements`, found };
  }
  for (let i = 0; i < length; i++) {
    const found = checkType(element, (value as ArrayLike<unknown>)[i]);
    if (found !== null) return under(`[${i}]`, found);
  }
  return null;
}

function checkType(type: TypeLayout, value: unknown): Misfit | null {
  switch (type.kind) {
    case 'scalar':
      return checkScalar(type.name, value);
    case 'ref':
      return checkRef(type.actor, value);
    case 'struct':
      return checkStruct(type.layout, value);
    case 'array':
      return checkArray(type.element, type.length, value);
  }
}

function names(layout: StructLayout): string {
  if (layout.fields.length === 0) return 'no fields';
  return `the fields ${layout.fields.map((field) => field.name).join(', ')}`;
}

function hasField(layout: StructLayout, name: string): boolean {
  for (const field of layout.fields) if (field.name === name) return true;
  return false;
}

function checkStruct(layout: StructLayout, value: unknown): Misfit | null {
  if (typeof value !== 'object' || value === null) {
    return misfit(`an object with ${names(layout)}`, value);
  }
  for (const { name, type } of layout.fields) {
    if (!(name in value)) return { path: `.${name}`, wanted: 'a value', found: 'no such field' };
    const found = checkType(type, (value as Record<string, unknown>)[name]);
    if (found !== null) return under(`.${name}`, found);
  }
  for (const key in value) {
    if (hasField(layout, key)) continue;
    return { path: `.${key}`, wanted: names(layout), found: `the unknown field ${key}` };
  }
  return null;
}

/** What is written for a reference: an address, or whatever has one. */
export function addressOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'address' in value ? value.address : value;
}

/**
 * Checks a value against a layout and throws `SchemaError` RK_SCHEMA_VALUE for the first thing that does not fit.
 * `name` is what the value is called in the error.
 */
export function validateStruct(layout: StructLayout, value: unknown, name: string): void {
  const found = checkStruct(layout, value);
  if (found !== null) refuse('RK_SCHEMA_VALUE', name, found);
}
