import type { AnyNode } from 'acorn';
import { anyNumber, bigints, fractions, variable } from '../types/index.ts';
import type { FunctionContext } from './function-context.ts';
import { memberName } from './path.ts';
import type { Value } from './value.ts';

/** A value from outside the function. */
export interface Outside {
  readonly value: unknown;
  /** The name it was read by and the members after that; null for the globals that are the same everywhere. */
  readonly path: readonly string[] | null;
}

/** Globals whose members are constants everywhere. */
const globals: Readonly<Record<string, unknown>> = {
  undefined,
  NaN,
  Infinity,
  Math,
  Number,
};

function named(c: FunctionContext, name: string): Outside | null {
  const uses: object = c.actor.definition.spec.uses ?? {};
  if (Object.hasOwn(uses, name)) return { value: uses[name as keyof typeof uses], path: [name] };
  for (const scope of c.closure?.scopes ?? []) {
    const read = scope.get(name);
    if (read !== undefined) return { value: read(), path: [name] };
  }
  return Object.hasOwn(globals, name) ? { value: globals[name], path: null } : null;
}

/**
 * The value of a name from outside or of a member of one, read now; null when it is nothing that is known outside.
 * `uses` comes first, then the closure. What is read is noted: the compiled actor depends on it.
 */
export function outside(c: FunctionContext, node: AnyNode): Outside | null {
  const found = resolve(c, node);
  if (found !== null && found.path !== null) c.actor.reads.note(c.owner, found.path, found.value);
  return found;
}

function resolve(c: FunctionContext, node: AnyNode): Outside | null {
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding === undefined) return named(c, node.name);
    return binding.kind === 'outside' ? binding : null;
  }
  if (node.type === 'SequenceExpression') {
    // `(0, lib.name)` is what tools write to call without `this`.
    const [zero, last] = node.expressions;
    const plain = node.expressions.length === 2 && zero?.type === 'Literal';
    return plain && last !== undefined ? resolve(c, last) : null;
  }
  if (node.type !== 'MemberExpression') return null;
  const key = constantKey(c, node);
  if (key === null) return null;
  const object = resolve(c, node.object);
  if (object === null || object.value === null || object.value === undefined) return null;
  const { path } = object;
  const value = (object.value as Record<string, unknown>)[key];
  return { value, path: path === null ? null : [...path, key] };
}

function constantKey(c: FunctionContext, node: AnyNode): string | null {
  if (node.type !== 'MemberExpression') return null;
  const name = memberName(node);
  if (name !== null) return name;
  const { property } = node;
  if (property.type === 'Literal' && typeof property.value === 'number') return `${property.value}`;
  const known = property.type === 'Identifier' ? outside(c, property) : null;
  return typeof known?.value === 'number' ? `${known.value}` : null;
}

/** A number, bigint or boolean as a literal. */
export function literal(c: FunctionContext, value: unknown, node: AnyNode): Value {
  if (typeof value === 'boolean') return c.constant(value, 'bool', node);
  if (typeof value === 'bigint') return c.constant(value, variable(bigints), node);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      const message = `${value} is not portable: WGSL has no literal for it`;
      return c.fail(node, 'RK2010', message, 'compare against a large finite number');
    }
    return c.constant(value, variable(Number.isInteger(value) ? anyNumber : fractions), node);
  }
  return c.fail(
    node,
    'RK3011',
    `'${c.textOf(node)}' is ${kindOf(value)}; a handler can use numbers, bigints, booleans, ` +
      'arrays of these, and plain functions from outside',
    'move it into the state or the message, or compute it from constants',
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
