import { describeValue, SchemaError } from './errors.ts';
import type { ArrayType, Fields, FieldType, RefType } from './fields.ts';
import type { FieldLayout, ScalarName, StructLayout, TypeLayout } from './layout.ts';

/** Elements of one array. */
export const maxArrayLength = 65_536;
/** Bytes of one struct: a state, or what is nested in it. Payloads have a smaller limit, `maxPayloadBytes`. */
export const maxStructBytes = 16_777_216;
/** Bytes of one message's payload. */
export const maxPayloadBytes = 65_536;
/** Structs within structs. */
export const maxDepth = 16;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Bytes of each scalar, which is also its alignment. */
export const scalarBytes: Readonly<Record<ScalarName, number>> = Object.freeze({
  bool: 1,
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  f16: 2,
  f32: 4,
  f64: 8,
});

/** Whether a name can be used for a field, a message or an actor. */
export function isName(name: unknown): name is string {
  // An object literal can't carry `__proto__` as a field of its own, so nobody could write such a message.
  return typeof name === 'string' && namePattern.test(name) && name !== '__proto__';
}

interface Build {
  /** Name the targets of references; off while definitions may still be incomplete. */
  readonly resolve: boolean;
  /** Structs around the one being laid out. */
  readonly depth: number;
  readonly path: string;
}

interface Placed {
  readonly type: TypeLayout;
  readonly size: number;
  readonly align: number;
}

function targetName(type: RefType, path: string): string | null {
  const { target } = type;
  if (target === undefined) return null;
  const wanted = 'ref() or ref(() => Definition)';
  if (typeof target !== 'function') {
    const found = describeValue(target);
    const message = `${path}: wanted ${wanted}, found ref of ${found}`;
    throw new SchemaError('RK_SCHEMA_REF', message, { path, wanted, found });
  }
  let definition: unknown;
  try {
    definition = target();
  } catch (cause) {
    throw new SchemaError('RK_SCHEMA_REF', `${path}: the target of the reference can't be read`, {
      path,
      hint: 'both actors must be defined before one of them is described or launched',
      cause,
    });
  }
  const name: unknown = Object(definition).name;
  if (typeof definition === 'object' && isName(name)) return name;
  const found = describeValue(definition);
  const message = `${path}: wanted a function that returns an actor's definition, found ${found}`;
  throw new SchemaError('RK_SCHEMA_REF', message, { path, wanted, found });
}

function placeArray(type: ArrayType, build: Build): Placed {
  const { length, element } = type;
  const { path } = build;
  if (!Number.isInteger(length) || length < 1 || length > maxArrayLength) {
    const wanted = `a whole number from 1 to ${maxArrayLength}`;
    const found = describeValue(length);
    const message = `${path}: wanted an array length that is ${wanted}, found ${found}`;
    throw new SchemaError('RK_SCHEMA_ARRAY_LENGTH', message, { path, wanted, found });
  }
  const placed = place(element, { ...build, path: `${path}[]` });
  if (placed.type.kind === 'array') {
    throw new SchemaError('RK_SCHEMA_TYPE', `${path}: an array can't hold arrays`, {
      path,
      hint: 'wrap the inner array in a struct: array(struct({ row: array(f32, 4) }), 4)',
    });
  }
  const stride = placed.size;
  const layout: TypeLayout = { kind: 'array', element: placed.type, length, stride };
  return { type: Object.freeze(layout), size: stride * length, align: placed.align };
}

function place(type: FieldType, build: Build): Placed {
  const { path } = build;
  switch (type?.kind) {
    case 'scalar': {
      const size = scalarBytes[type.scalar];
      const scalar: TypeLayout = { kind: 'scalar', name: type.scalar };
      return { type: Object.freeze(scalar), size, align: size };
    }
    case 'ref': {
      const actor = build.resolve ? targetName(type, path) : null;
      return { type: Object.freeze({ kind: 'ref', actor }), size: 4, align: 4 };
    }
    case 'array':
      return placeArray(type, build);
    case 'struct': {
      const layout = lay(type.fields, { ...build, depth: build.depth + 1 });
      if (layout.fields.length === 0) {
        throw new SchemaError('RK_SCHEMA_TYPE', `${path}: a nested struct needs a field`, { path });
      }
      const { size, align } = layout;
      return { type: Object.freeze({ kind: 'struct', layout }), size, align };
    }
    default: {
      const wanted = 'a scalar word, array(), struct() or ref()';
      const found = describeValue(type);
      const message = `${path}: wanted ${wanted}, found ${found}`;
      throw new SchemaError('RK_SCHEMA_TYPE', message, { path, wanted, found });
    }
  }
}

function alignUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

function lay(fields: Fields, build: Build): StructLayout {
  const { path, depth } = build;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    const wanted = 'an object of fields';
    const found = describeValue(fields);
    const message = `${path || 'schema'}: wanted ${wanted}, found ${found}`;
    throw new SchemaError('RK_SCHEMA_TYPE', message, { path, wanted, found });
  }
  if (depth > maxDepth) {
    const message = `${path}: structs may be nested ${maxDepth} deep, found ${depth}`;
    throw new SchemaError('RK_SCHEMA_DEPTH', message, { path });
  }
  const laid: FieldLayout[] = [];
  let offset = 0;
  let align = 1;
  for (const [name, type] of Object.entries(fields)) {
    const fieldPath = path === '' ? name : `${path}.${name}`;
    if (!isName(name)) {
      const message = `${fieldPath}: wanted a field name of letters, digits and _, found "${name}"`;
      throw new SchemaError('RK_SCHEMA_NAME', message, { path: fieldPath });
    }
    const placed = place(type, { ...build, path: fieldPath });
    offset = alignUp(offset, placed.align);
    laid.push(Object.freeze({ name, type: placed.type, offset, size: placed.size }));
    offset += placed.size;
    align = Math.max(align, placed.align);
    if (offset > maxStructBytes) {
      const message = `${fieldPath}: a struct may have ${maxStructBytes} bytes, found ${offset}`;
      throw new SchemaError('RK_SCHEMA_SIZE', message, { path: fieldPath });
    }
  }
  return Object.freeze({ fields: Object.freeze(laid), size: alignUp(offset, align), align });
}

const layouts = new WeakMap<Fields, StructLayout>();

/**
 * Lays fields out by the rules of FlatBuffers structs: in order, each at the next multiple of its alignment, the
 * whole padded to its own. Computed once per `fields` object. Throws `SchemaError`.
 *
 * Source: https://flatbuffers.dev/internals/ (structs), and flatc's `StructDef` padding.
 */
export function layoutOf<F extends Fields>(fields: F): StructLayout<F> {
  let layout = layouts.get(fields);
  if (layout === undefined) {
    layout = lay(fields, { resolve: true, depth: 0, path: '' });
    layouts.set(fields, layout);
  }
  return layout as StructLayout<F>;
}

/**
 * `layoutOf` for a definition under construction: references are not followed (their targets may be defined
 * later), so their `actor` is null. `path` prefixes errors.
 */
export function draftLayout(fields: Fields, path: string): StructLayout {
  return lay(fields, { resolve: false, depth: 0, path });
}
