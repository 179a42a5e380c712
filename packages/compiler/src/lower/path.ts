import type { TypeLayout } from '@ringkernel/core';
import type { AnyNode, Expression as EsExpression, MemberExpression } from 'acorn';
import { didYouMean } from '../diagnostics/nearest.ts';
import type { Place, PlaceIndex, ValueType } from '../ir/types.ts';
import { requireInteger, typeName } from '../types/inference.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext, Path, Value } from './function-context.ts';

/** `ctx` itself. */
export function isContext(c: FunctionContext, node: AnyNode): boolean {
  return node.type === 'Identifier' && c.lookup(node.name)?.kind === 'context';
}

export function statePath(c: FunctionContext): Path {
  return {
    base: 'state',
    type: { kind: 'struct', layout: c.actor.description.state },
    offset: 0,
    indices: [],
    names: [],
  };
}

export function messagePath(c: FunctionContext): Path {
  const layout = c.role.message?.layout ?? { fields: [], size: 0, align: 1 };
  return { base: 'message', type: { kind: 'struct', layout }, offset: 0, indices: [], names: [] };
}

/** The name of a member when it is written out: `a.b` or `a['b']`. */
export function memberName(node: MemberExpression): string | null {
  if (!node.computed && node.property.type === 'Identifier') return node.property.name;
  if (node.computed && node.property.type === 'Literal') return String(node.property.value);
  return null;
}

/** Part of the state or of the message that an expression names, or null when it is something else. */
export function lowerPath(c: FunctionContext, node: AnyNode): Path | null {
  if (node.type === 'ParenthesizedExpression') return lowerPath(c, node.expression);
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'path') return binding.path;
    return binding?.kind === 'member' && binding.name === 'state' ? statePath(c) : null;
  }
  if (node.type !== 'MemberExpression') return null;
  if (isContext(c, node.object)) return memberName(node) === 'state' ? statePath(c) : null;
  const object = lowerPath(c, node.object);
  if (object === null) return null;
  if (object.type.kind === 'struct') return memberOf(c, object, node);
  if (object.type.kind === 'array' && node.computed) return element(c, object, node);
  return null;
}

/** What a path's field is called when it is spoken of. */
function describePath(c: FunctionContext, path: Path): string {
  if (path.names.length > 0) return `'${path.names.join('.')}'`;
  return path.base === 'state' ? 'the state' : `message ${c.role.message?.name}`;
}

/** A field of a struct. */
export function memberOf(c: FunctionContext, path: Path, node: MemberExpression): Path {
  if (path.type.kind !== 'struct')
    c.fail(node, 'RK3006', `'${c.textOf(node.object)}' has no fields`);
  const name = memberName(node);
  const { fields } = path.type.layout;
  const found = fields.find((f) => f.name === name);
  if (found !== undefined) {
    return {
      ...path,
      type: found.type,
      offset: path.offset + found.offset,
      names: [...path.names, found.name],
    };
  }
  const owner = describePath(c, path);
  if (name === null) c.fail(node, 'RK3006', `${owner} is not an array`, 'name the field');
  const names = fields.map((f) => f.name);
  return c.fail(
    node,
    'RK2006',
    `${owner} has no field '${name}'`,
    didYouMean(name, names, 'fields'),
  );
}

function element(c: FunctionContext, path: Path, node: MemberExpression): Path {
  if (path.type.kind !== 'array') throw new Error('an element of what is no array');
  const { element: type, length, stride } = path.type;
  const names = [...path.names, '[]'];
  const index = lowerIndex(c, node.property as EsExpression, length, stride);
  if (typeof index === 'number')
    return { ...path, type, offset: path.offset + index * stride, names };
  return { ...path, type, indices: [...path.indices, index], names };
}

/** A constant index is checked now, any other gets a fault site. */
export function lowerIndex(
  c: FunctionContext,
  node: EsExpression,
  length: number,
  stride: number,
): PlaceIndex | number {
  const { e, t } = lowerExpression(c, node);
  if (!requireInteger(t) || t === 'u64' || t === 'i64') {
    c.fail(
      node,
      'RK2007',
      `an index must be i32 or u32, not ${typeName(t)}`,
      'convert it with u32(x)',
    );
  }
  if (e.kind !== 'const')
    return { value: e, stride, length, safe: false, site: c.site(node, 'RK5001') };
  const at = Number(e.value);
  if (at >= 0 && at < length) return at;
  return c.fail(node, 'RK2008', `index ${at} is outside an array of ${length}`);
}

/** The type that a stored scalar has in a handler. */
export function loadedType(type: TypeLayout): ValueType | null {
  if (type.kind === 'ref') return 'u32';
  if (type.kind !== 'scalar') return null;
  const { name } = type;
  if (name === 'u8' || name === 'u16') return 'u32';
  return name === 'i8' || name === 'i16' ? 'i32' : name;
}

export function placeOf(path: Path): Place {
  const { base, offset, indices, names, type } = path;
  const storage = type.kind === 'scalar' ? type.name : 'u32';
  return { base, path: names, storage, offset, indices };
}

/** Reads a scalar. */
export function load(c: FunctionContext, path: Path, node: AnyNode): Value {
  const type = loadedType(path.type);
  const owner = describePath(c, path);
  if (type === null) {
    const what =
      path.type.kind === 'array' ? 'an array; use an element of it' : 'a struct; use a field of it';
    c.fail(node, 'RK3005', `${owner} is ${what}`);
  }
  if (type === 'f64') c.actor.requires.add('f64');
  const value = c.value({ kind: 'load', type, place: placeOf(path) }, type);
  return path.type.kind === 'ref' ? { ...value, ref: path.type.actor } : value;
}

/**
 * A path whose indices can be used twice: what is not a constant is kept in a local of its own. A plain local is kept
 * as it is unless `copyLocals` says that it may change before the path is used.
 */
export function pinPath(c: FunctionContext, path: Path, copyLocals = false): Path {
  const indices = path.indices.map((index) => {
    if (index.value.kind === 'local' && !copyLocals) return index;
    const id = c.newLocal('i', c.typeOf(index.value));
    c.before.push({ kind: 'let', id, value: index.value });
    return { ...index, value: c.readLocal(id).e };
  });
  return { ...path, indices };
}
