import type {
  AnyNode,
  AssignmentExpression,
  Expression as EsExpression,
  UpdateExpression,
} from 'acorn';
import type { Statement } from '../ir/types.ts';
import { is64, prune, type Type, typeName, unify } from '../types/inference.ts';
import { combine } from './binary.ts';
import { samePart } from './copy.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext, Path, Value } from './function-context.ts';
import { load, loadedType, lowerPath, pinPath, placeOf } from './path.ts';

/** Something that can be assigned to. */
type ScalarTarget =
  | { readonly kind: 'local'; readonly id: number; readonly t: Type }
  | { readonly kind: 'path'; readonly path: Path; readonly t: Type };

/** A whole array or struct of the state. */
interface WholeTarget {
  readonly kind: 'whole';
  readonly path: Path;
}

type Target = ScalarTarget | WholeTarget;

/** Whether evaluating it assigns to something. */
function assigns(node: AnyNode): boolean {
  if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') return true;
  return Object.values(node).some((value) =>
    (Array.isArray(value) ? value : [value]).some((v) => typeof v?.type === 'string' && assigns(v)),
  );
}

/** What is assigned to. `unstable`: the right side assigns, so the indices of the target are read before it. */
function lowerTarget(c: FunctionContext, node: AnyNode, unstable = false): Target {
  if (node.type === 'ParenthesizedExpression') return lowerTarget(c, node.expression, unstable);
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'local') {
      if (!binding.mutable)
        c.fail(node, 'RK2014', `'${node.name}' is a constant`, 'declare it with let');
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
    return c.fail(
      node,
      'RK3017',
      message,
      'a handler can only change its own state and its own locals',
    );
  }
  if (path.base === 'message')
    c.fail(node, 'RK2015', 'a message is read-only', 'copy it to a local first');
  const type = loadedType(path.type);
  if (type === null) return { kind: 'whole', path };
  if (type === 'f64') c.actor.requires.add('f64');
  return { kind: 'path', path: pinPath(c, path, unstable), t: type };
}

/** A target that holds one value. */
function lowerScalarTarget(c: FunctionContext, node: AnyNode): ScalarTarget {
  const target = lowerTarget(c, node);
  return target.kind === 'whole' ? refuseWhole(c, target, node) : target;
}

function refuseWhole(c: FunctionContext, { path }: WholeTarget, node: AnyNode): never {
  const message = `'${c.textOf(node)}' is ${path.type.kind === 'array' ? 'an array' : 'a struct'}`;
  return c.fail(
    node,
    'RK3005',
    message,
    'assign its elements, or a whole one of the same type with =',
  );
}

function read(c: FunctionContext, target: ScalarTarget, node: AnyNode): Value {
  return target.kind === 'local' ? c.readLocal(target.id) : load(c, target.path, node);
}

function write(
  c: FunctionContext,
  target: ScalarTarget,
  value: Value,
  node: AnyNode,
  out: Statement[],
): void {
  if (!unify(target.t, value.t)) {
    const big =
      value.e.kind === 'const' && is64(target.t) ? `write it as a bigint: ${value.e.value}n` : null;
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

/** `s.a = m.a` of whole arrays or structs. */
function copyWhole(
  c: FunctionContext,
  node: AssignmentExpression,
  to: WholeTarget,
  out: Statement[],
): Value {
  if (node.operator !== '=') refuseWhole(c, to, node.left);
  const from = samePart(c, node.right, to.path.type, c.textOf(node.left));
  if (to.path.indices.length > 0) {
    c.fail(
      node.left,
      'RK3005',
      'a whole element at a computed index cannot be assigned',
      'assign its fields',
    );
  }
  out.push({ kind: 'copy', offset: to.path.offset, ...from });
  return c.constant(0, 'i32', node);
}

/**
 * Lowers `target op= value` and returns the value it leaves. Statements go to `out`; where that is `c.before` the
 * assignment is part of an expression, and happens before the rest of it.
 */
export function lowerAssignment(
  c: FunctionContext,
  node: AssignmentExpression,
  out: Statement[],
): Value {
  const mark = c.before.length;
  const { operator } = node;
  if (node.left.type === 'ObjectPattern' || node.left.type === 'ArrayPattern') {
    return c.fail(node.left, 'RK3021', 'patterns cannot be assigned to');
  }
  const target = lowerTarget(c, node.left, assigns(node.right));
  if (target.kind === 'whole') return copyWhole(c, node, target, out);
  let value: Value;
  if (operator === '=') value = lowerExpression(c, node.right);
  else {
    const op = operator.slice(0, -1);
    if (['&&', '||', '??', '**'].includes(op))
      c.fail(node, 'RK3002', `'${operator}' is not in the language`);
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
  const target = lowerScalarTarget(c, node.argument);
  const asValue = out === c.before;
  const old = read(c, target, node.argument);
  const first = asValue && !node.prefix ? c.pin(old) : old;
  const big = is64(prune(target.t));
  const one = c.constant(big ? 1n : 1, target.t, node);
  const op = node.operator === '++' ? '+' : '-';
  if (prune(target.t) === 'bool')
    c.fail(node, 'RK2003', `'${node.operator}' needs a number, not bool`);
  const next = c.value({ kind: 'binary', type: 'i32', op, left: first.e, right: one.e }, target.t);
  flush(c, out, mark);
  write(c, target, next, node, out);
  return node.prefix || !asValue ? read(c, target, node.argument as EsExpression) : first;
}
