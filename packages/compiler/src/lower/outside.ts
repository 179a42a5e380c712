import type { AnyNode } from 'acorn';
import { variable } from '../types/inference.ts';
import type { FunctionContext, Value } from './function-context.ts';

/** A value from outside the handler, or null when the name is not known there. */
export interface Outside {
  readonly value: unknown;
}

function named(c: FunctionContext, name: string): Outside | null {
  const uses = (c.actor.definition.spec.uses ?? {}) as Record<string, unknown>;
  if (Object.hasOwn(uses, name)) return { value: uses[name] };
  for (const scope of c.captured?.scopes ?? []) {
    const read = scope.get(name);
    if (read !== undefined) return { value: read() };
  }
  if (name === 'undefined' || name === 'NaN' || name === 'Infinity') {
    return { value: { undefined, NaN, Infinity }[name] };
  }
  return null;
}

/** The value of a name or of a member of one, read once, now. `uses` comes first, then the closure. */
export function outside(c: FunctionContext, node: AnyNode): Outside | null {
  if (node.type === 'ParenthesizedExpression') return outside(c, node.expression);
  if (node.type === 'ChainExpression') return null;
  if (node.type === 'Identifier')
    return c.lookup(node.name) === undefined ? named(c, node.name) : null;
  if (node.type !== 'MemberExpression') return null;
  const object = outside(c, node.object);
  if (object === null || object.value === null || object.value === undefined) return null;
  const { property } = node;
  let key: string | number | null = null;
  if (!node.computed && property.type === 'Identifier') key = property.name;
  else if (property.type === 'Literal') key = String(property.value);
  return key === null ? null : { value: (object.value as Record<string, unknown>)[key] };
}

/** A number, bigint or boolean as a literal. */
export function literal(c: FunctionContext, value: unknown, node: AnyNode): Value {
  if (typeof value === 'boolean') return c.constant(value, 'bool', node);
  if (typeof value === 'bigint') return c.constant(value, variable('big'), node);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      const message = `${value} is not portable: WGSL has no literal for it`;
      return c.fail(node, 'RK2010', message, 'compare against a large finite number');
    }
    return c.constant(value, variable(Number.isInteger(value) ? 'number' : 'fraction'), node);
  }
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return c.fail(
    node,
    'RK3011',
    `a handler can use numbers, bigints, booleans, arrays of numbers and plain functions from outside; this is ${kind}`,
    'move it into the state or the message, or compute it from constants',
  );
}
