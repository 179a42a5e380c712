import { listNames, nearestName } from '@ringkernel/core';
import type { AnyNode, Expression as EsExpression, MemberExpression } from 'acorn';
import { stringOf } from '../parse/index.ts';
import { restrict, typeName, words } from '../types/index.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { loaded } from './half.ts';
import { loadedType, type Path, type PathIndex, placeOf, structPath, type Value } from './value.ts';

/** `did you mean 'x'?`, or the names there are. */
export function suggest(name: string, names: readonly string[], what: string): string {
  const near = nearestName(name, names);
  return near === undefined ? `${what}: ${listNames(names)}` : `did you mean '${near}'?`;
}

/** `ctx` itself. */
export function isContext(c: FunctionContext, node: AnyNode): boolean {
  return node.type === 'Identifier' && c.lookup(node.name)?.kind === 'context';
}

export function statePath(c: FunctionContext): Path {
  return structPath('state', c.actor.description.state);
}

/** The name of a member when it is written out: `a.b` or `a['b']`. */
export function memberName(node: MemberExpression): string | null {
  const { property } = node;
  if (!node.computed && property.type === 'Identifier') return property.name;
  return node.computed ? stringOf(property) : null;
}

/** What part of the state or of the message an expression names; null when it is something else. */
export function lowerPath(c: FunctionContext, node: AnyNode): Path | null {
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'path') return binding.path;
    return binding?.kind === 'member' && binding.name === 'state' ? statePath(c) : null;
  }
  if (node.type !== 'MemberExpression') return null;
  if (isContext(c, node.object)) return memberName(node) === 'state' ? statePath(c) : null;
  const object = lowerPath(c, node.object);
  return object === null ? null : memberPath(c, object, node);
}

/** A member of a part that is lowered already. */
export function memberPath(c: FunctionContext, object: Path, node: MemberExpression): Path {
  if (object.type.kind === 'struct') return field(c, object, node);
  if (object.type.kind === 'array') return element(c, object, node);
  const what = `${describePath(c, object)} is ${loadedType(object.type)}, not an array or a struct`;
  return c.fail(node, 'RK3006', what);
}

/** What a path is called when it is spoken of. */
export function describePath(c: FunctionContext, { base, names }: Path): string {
  if (names.length > 0) return `'${names.join('.').replaceAll('.[]', '[i]')}'`;
  if (base === 'state') return 'the state';
  return c.role.kind === 'handler' ? `message ${c.role.message.name}` : 'the message';
}

function field(c: FunctionContext, path: Path, node: MemberExpression): Path {
  const name = memberName(node);
  const owner = describePath(c, path);
  if (name === null) c.fail(node, 'RK3006', `${owner} is a struct, not an array`, 'name the field');
  const found = fieldPath(path, name);
  if (found !== undefined) return found;
  const names = path.type.kind === 'struct' ? path.type.layout.fields.map((f) => f.name) : [];
  const hint = suggest(name, names, 'fields');
  return c.fail(node, 'RK2006', `${owner} has no field '${name}'`, hint);
}

/** The field of a struct; undefined when it has none of this name. */
export function fieldPath(path: Path, name: string): Path | undefined {
  if (path.type.kind !== 'struct') return undefined;
  const found = path.type.layout.fields.find((f) => f.name === name);
  if (found === undefined) return undefined;
  const offset = path.offset + found.offset;
  return { ...path, type: found.type, offset, names: [...path.names, found.name] };
}

function element(c: FunctionContext, path: Path, node: MemberExpression): Path {
  if (memberName(node) === 'length') {
    c.fail(node, 'RK2014', `the length of ${describePath(c, path)} cannot change`);
  }
  if (!node.computed) {
    const what = `${describePath(c, path)} is an array: it has elements and a length`;
    c.fail(node, 'RK3007', what, 'write a loop over its elements');
  }
  const { length } = path.type as { length: number };
  const index = lowerIndex(c, node.property as EsExpression, length);
  return elementPath(path, index);
}

/** The element of an array at an index: a number when it is known now. */
export function elementPath(
  path: Path,
  index: number | Pick<PathIndex, 'value' | 'safe' | 'site'>,
): Path {
  if (path.type.kind !== 'array') throw new TypeError('an element of what is no array');
  const { element: type, length, stride } = path.type;
  const names = [...path.names, '[]'];
  if (typeof index === 'number') {
    return { ...path, type, offset: path.offset + index * stride, names };
  }
  return { ...path, type, indices: [...path.indices, { ...index, length, stride }], names };
}

/** A constant index is checked now; any other gets a fault site. */
export function lowerIndex(
  c: FunctionContext,
  node: EsExpression,
  length: number,
): number | Pick<PathIndex, 'value' | 'safe' | 'site'> {
  const value = lowerExpression(c, node);
  if (!restrict(value.type, words)) {
    const message = `an index must be i32 or u32, not ${typeName(value.type)}`;
    c.fail(node, 'RK2007', message, 'convert it with u32(x)');
  }
  if (value.e.kind !== 'const') return { value, safe: false, site: c.site(node, 'RK5001') };
  const at = Number(value.e.value);
  if (at >= 0 && at < length) return at;
  return c.fail(node, 'RK2008', `index ${at} is outside an array of ${length}`);
}

/** Reads a scalar. */
export function load(c: FunctionContext, path: Path, node: AnyNode): Value {
  const type = loadedType(path.type);
  if (type === null) {
    const isArray = path.type.kind === 'array';
    const what = isArray ? 'an array; use an element of it' : 'a struct; use a field of it';
    c.fail(node, 'RK3005', `${describePath(c, path)} is ${what}`);
  }
  if (path.base === 'state') c.section?.loads.push({ path, node });
  const value = loaded(c, path.type, type, (wide) =>
    c.value({ kind: 'load', type: wide, place: placeOf(path) }, wide),
  );
  return path.type.kind === 'ref' ? { ...value, target: path.type.actor } : value;
}
