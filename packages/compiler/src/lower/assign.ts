import type { AnyNode, AssignmentExpression, Expression as EsExpression, UpdateExpression } from 'acorn';
import type { Statement } from '../ir/types.ts';
import { is64, prune, type Type, typeName, unify } from '../types/inference.ts';
import { combine } from './binary.ts';
import { samePart } from './copy.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext, Path, Value } from './function-context.ts';
import { load, loadedType, lowerPath, pinPath, placeOf } from './path.ts';

/** Something that can be assigned to. */
type Target =
  | { readonly kind: 'local'; readonly id: number; readonly t: Type }
  | { readonly kind: 'path'; readonly path: Path; readonly t: Type };

function lowerTarget(c: FunctionContext, node: AnyNode): Target {
  if (node.type === 'ParenthesizedExpression') return lowerTarget(c, node.expression);
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'local') {
      if (!binding.mutable) c.fail(node, 'RK2014', `'${node.name}' is a constant`, 'declare it with let');
      const { t } = c.readLocal(binding.id);
      return { kind: 'local', id: binding.id, t };
    }
    if (binding === undefined) {
      const message = `'${node.name}' lives outside the handler; a handler can only change its own state`;
      c.fail(node, 'RK3017', message, 'put it in the state');
    }
  }
  const path = lowerPath(c, node);
  if (path === null) {
    const message = `cannot assign to '${c.textOf(node)}'`;
    return c.fail(node, 'RK3017', message, 'a handler can only change its own state and its own locals');
  }
  if (path.base === 'message') c.fail(node, 'RK2015', 'a message is read-only', 'copy it to a local first');
  const type = loadedType(path.type);
  if (type === null) {
    const message = `'${c.textOf(node)}' is ${path.type.kind === 'array' ? 'an array' : 'a struct'}`;
    return c.fail(node, 'RK3005', message, 'assign its elements, or a whole one of the same type with =');
  }
  if (type === 'f64') c.actor.requires.add('f64');
  return { kind: 'path', path: pinPath(c, path), t: type };
}

function read(c: FunctionContext, target: Target, node: AnyNode): Value {
  return target.kind === 'local' ? c.readLocal(target.id) : load(c, target.path, node);
}

function write(c: FunctionContext, target: Target, value: Value, node: AnyNode, out: Statement[]): void {
  if (!unify(target.t, value.t)) {
    const big = value.e.kind === 'const' && is64(target.t) ? `write it as a bigint: ${value.e.value}n` : null;
    const hint = big ?? `convert it: ${typeName(target.t)}(x)`;
    c.fail(node, 'RK2001', `cannot store ${typeName(value.t)} in ${typeName(target.t)}`, hint);
  }
  const { line, column } = c.locator(node);
  const location = { line, column };
  out.push(
    target.kind === 'local'
      ? { kind: 'assign', id: target.id, value: value.e, location }
      : { kind: 'store', place: placeOf(target.path), value: value.e, location },
  );
}

/** Moves what the expression needs done into `out`, in front of what is appended next. */
function flush(c: FunctionContext, out: Statement[], mark: number): void {
  if (out === c.before) return;
  out.push(...c.before.splice(mark));
}

/** A whole array or struct: `s.a = m.a`. */
function copyWhole(c: FunctionContext, node: AssignmentExpression, out: Statement[]): boolean {
  if (node.operator !== '=') return false;
  const to = lowerPath(c, node.left);
  if (to === null || loadedType(to.type) !== null) return false;
  if (to.base === 'message') c.fail(node.left, 'RK2015', 'a message is read-only');
  const from = samePart(c, node.right, to.type, c.textOf(node.left));
  if (to.indices.length > 0) c.fail(node.left, 'RK3005', 'a whole element cannot be assigned', 'assign its fields');
  out.push({ kind: 'copy', offset: to.offset, ...from });
  return true;
}

/**
 * Lowers `target op= value` and returns the value it leaves. Statements go to `out`; where that is `c.before` the
 * assignment is part of an expression, and happens before the rest of it.
 */
export function lowerAssignment(c: FunctionContext, node: AssignmentExpression, out: Statement[]): Value {
  const mark = c.before.length;
  const { operator } = node;
  if (node.left.type === 'ObjectPattern' || node.left.type === 'ArrayPattern') {
    return c.fail(node.left, 'RK3021', 'patterns cannot be assigned to');
  }
  if (copyWhole(c, node, out)) return c.constant(0, 'i32', node);
  const target = lowerTarget(c, node.left);
  let value: Value;
  if (operator === '=') value = lowerExpression(c, node.right);
  else {
    const op = operator.slice(0, -1);
    if (['&&', '||', '??', '**'].includes(op)) c.fail(node, 'RK3002', `'${operator}' is not in the language`);
    const before = c.before.length;
    const old = read(c, target, node.left);
    value = lowerExpression(c, node.right);
    const added = c.before.splice(before);
    // JavaScript reads the old value first: keep it when the right side does anything.
    const kept = added.length > 0 ? c.pin(old) : old;
    c.before.push(...added);
    value = combine(c, node, op, kept, value);
  }
  flush(c, out, mark);
  write(c, target, value, node, out);
  return read(c, target, node.left);
}

/** Lowers `x++` and its kin; returns the value the expression has. */
export function lowerUpdate(c: FunctionContext, node: UpdateExpression, out: Statement[]): Value {
  const mark = c.before.length;
  const target = lowerTarget(c, node.argument);
  const asValue = out === c.before;
  const old = read(c, target, node.argument);
  const first = asValue && !node.prefix ? c.pin(old) : old;
  const big = is64(prune(target.t));
  const one = c.constant(big ? 1n : 1, target.t, node);
  const op = node.operator === '++' ? '+' : '-';
  if (prune(target.t) === 'bool') c.fail(node, 'RK2003', `'${node.operator}' needs a number, not bool`);
  const next = c.value({ kind: 'binary', type: 'i32', op, left: first.e, right: one.e }, target.t);
  flush(c, out, mark);
  write(c, target, next, node, out);
  return node.prefix || !asValue ? read(c, target, node.argument as EsExpression) : first;
}
