import type { AnyNode, ObjectPattern, Pattern } from 'acorn';
import { isFunction } from '../parse/index.ts';
import { anyType, variable } from '../types/index.ts';
import { Skip } from './actor-context.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { outside } from './outside.ts';
import {
  describePath,
  fieldPath,
  isContext,
  load,
  lowerPath,
  memberName,
  suggest,
} from './path.ts';
import { loadedType, type Path, type Value } from './value.ts';
import { isWhole } from './whole.ts';

type Declaration = AnyNode & { type: 'VariableDeclaration' };
type Kind = Declaration['kind'];

export function lowerDeclaration(c: FunctionContext, node: Declaration): void {
  let failed = false;
  for (const { id, init } of node.declarations) {
    try {
      declare(c, node.kind, id, init ?? null, node);
    } catch (error) {
      if (!(error instanceof Skip)) throw error;
      breakNames(c, id);
      failed = true;
    }
  }
  if (failed) c.skip();
}

/** The names of a declaration with an error: their uses are not errors of their own. */
function breakNames(c: FunctionContext, pattern: Pattern): void {
  if (pattern.type === 'Identifier') c.bind(pattern.name, { kind: 'broken' });
  if (pattern.type === 'ArrayPattern') {
    for (const element of pattern.elements) if (element !== null) breakNames(c, element);
  }
  if (pattern.type === 'AssignmentPattern') breakNames(c, pattern.left);
  if (pattern.type !== 'ObjectPattern') return;
  for (const property of pattern.properties) {
    if (property.type === 'Property') breakNames(c, property.value);
  }
}

function declare(
  c: FunctionContext,
  kind: Kind,
  id: Pattern,
  init: AnyNode | null,
  node: AnyNode,
): void {
  if (id.type === 'ObjectPattern') {
    destructure(c, kind, id, init, node);
    return;
  }
  if (id.type !== 'Identifier') {
    c.fail(id, 'RK3021', 'array patterns are not in the language', 'read the elements one by one');
  }
  const { name } = id;
  if (init === null) {
    const type = variable(anyType);
    declareLocal(c, kind, name, c.newLocal(name, type), null, node);
    return;
  }
  const value = initial(c, kind, name, init);
  if (value === null) return;
  const local = c.newLocal(name, value.type, value.target);
  declareLocal(c, kind, name, local, value.e, node);
}

function declareLocal(
  c: FunctionContext,
  kind: Kind,
  name: string,
  id: number,
  value: Parameters<typeof c.pin>[0]['e'] | null,
  node: AnyNode,
): void {
  const binding = { kind: 'local', id, mutable: kind !== 'const' } as const;
  if (kind !== 'var') {
    c.bind(name, binding);
    c.emit(node, { kind: 'let', id, value });
    return;
  }
  // A `var` lives as long as the function, wherever it is declared; declared again, it is the same.
  const known = c.lookup(name);
  if (known?.kind === 'local' && c.isHoisted(known.id)) {
    if (value === null) return;
    c.unify(node, c.readLocal(known.id).type, c.readLocal(id).type, `'${name}'`);
    c.emit(node, { kind: 'assign', id: known.id, value });
    return;
  }
  c.bindInFunction(name, binding);
  c.hoisted.push({ kind: 'let', id, value: null });
  if (value !== null) c.emit(node, { kind: 'assign', id, value });
}

/**
 * The value a name begins with. null when it is another name for something else: ctx, an array or a struct of the
 * state or the message, an array or object from outside.
 */
function initial(c: FunctionContext, kind: Kind, name: string, init: AnyNode): Value | null {
  if (isContext(c, init)) {
    c.bind(name, { kind: 'context' });
    return null;
  }
  if (isFunction(init) || (init.type === 'CallExpression' && isNamed(init))) {
    c.fail(
      init,
      'RK3009',
      'a handler cannot make functions',
      'write a function at the top level of the file; its calls are compiled',
    );
  }
  const isLength = init.type === 'MemberExpression' && memberName(init) === 'length';
  const path = isLength ? null : lowerPath(c, init);
  if (path !== null) {
    if (!isWhole(path)) return load(c, path, init);
    if (kind !== 'const' && c.isReassigned(name)) {
      c.fail(init, 'RK2014', `'${name}' is another name for ${describePath(c, path)}`, 'use const');
    }
    c.bind(name, { kind: 'path', path: c.pinPath(path) });
    return null;
  }
  const known = outside(c, init);
  if (known === null || typeof known.value !== 'object' || known.value === null) {
    return lowerExpression(c, init);
  }
  c.bind(name, { kind: 'outside', ...known });
  return null;
}

/** `__name(() => …, 'f')`. */
function isNamed(node: AnyNode & { type: 'CallExpression' }): boolean {
  return node.callee.type === 'Identifier' && node.callee.name === '__name';
}

function destructure(
  c: FunctionContext,
  kind: Kind,
  pattern: ObjectPattern,
  init: AnyNode | null,
  node: AnyNode,
): void {
  if (init !== null && isContext(c, init)) {
    bindContextPattern(c, pattern);
    return;
  }
  const path = init === null ? null : lowerPath(c, init);
  if (path?.type.kind !== 'struct') {
    if (init !== null && c.isBroken(init)) c.skip();
    c.fail(node, 'RK3021', 'only ctx, the state, the message and their structs are destructured');
  }
  bindPathPattern(c, pattern, c.pinPath(path), kind, node);
}

/** Name and pattern of each plain property of a pattern. */
function members(c: FunctionContext, pattern: ObjectPattern): { name: string; value: Pattern }[] {
  return pattern.properties.map((property) => {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') {
      return c.fail(property, 'RK3021', 'a pattern takes plain names only');
    }
    return { name: property.key.name, value: property.value };
  });
}

/** `({ state, send })` */
export function bindContextPattern(c: FunctionContext, pattern: ObjectPattern): void {
  for (const { name, value } of members(c, pattern)) {
    if (name === 'state' && value.type === 'ObjectPattern') {
      const layout = c.actor.description.state;
      const type = { kind: 'struct', layout } as const;
      const path: Path = { base: 'state', type, offset: 0, indices: [], names: [] };
      bindPathPattern(c, value, path, 'const', value);
    } else if (value.type === 'Identifier') c.bind(value.name, { kind: 'member', name });
    else c.fail(value, 'RK3021', 'defaults and nested patterns are not in the language here');
  }
}

/** `{ by }`, `{ position: { x } }` */
export function bindPathPattern(
  c: FunctionContext,
  pattern: ObjectPattern,
  path: Path,
  kind: Kind,
  node: AnyNode,
): void {
  for (const { name, value } of members(c, pattern)) {
    const part = fieldPath(path, name);
    if (part === undefined) {
      const names = path.type.kind === 'struct' ? path.type.layout.fields.map((f) => f.name) : [];
      const message = `${describePath(c, path)} has no field '${name}'`;
      c.fail(value, 'RK2006', message, suggest(name, names, 'fields'));
    }
    if (value.type === 'ObjectPattern') bindPathPattern(c, value, part, kind, node);
    else if (value.type === 'Identifier') bindPart(c, value, part, kind, node);
    else c.fail(value, 'RK3021', 'defaults and array patterns are not in the language');
  }
}

function bindPart(
  c: FunctionContext,
  { name, ...node }: AnyNode & { type: 'Identifier' },
  path: Path,
  kind: Kind,
  declaration: AnyNode,
): void {
  const scalar = loadedType(path.type) !== null;
  if (scalar && path.base === 'state') {
    const at = { ...node, name } as AnyNode;
    const message = `'${name}' would be a copy of the state, and changes to it would be lost`;
    c.fail(at, 'RK3022', message, `use ctx.state.${path.names.join('.')}`);
  }
  if (!scalar || kind === 'const') {
    c.bind(name, { kind: 'path', path });
    return;
  }
  const value = load(c, path, declaration);
  const id = c.newLocal(name, value.type, value.target);
  declareLocal(c, kind, name, id, value.e, declaration);
}
