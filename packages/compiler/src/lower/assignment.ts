import type { AnyNode, AssignmentExpression, UpdateExpression } from 'acorn';
import type { MergeOperator } from '../ir/types.ts';
import { rootOf } from '../parse/index.ts';
import { isAmong, type Type, typeName, unify } from '../types/index.ts';
import { fitsStorage } from './constant.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { stored } from './half.ts';
import { combine, one } from './operator.ts';
import { isContext, load, lowerPath } from './path.ts';
import { mergeOf } from './section.ts';
import { loadedType, type Path, placeOf, type Value } from './value.ts';
import { isWhole, storeWhole } from './whole.ts';

/** What can be assigned to. */
type Target =
  | { readonly kind: 'local'; readonly id: number }
  | { readonly kind: 'path'; readonly path: Path };

function targetOf(c: FunctionContext, node: AnyNode): Target {
  const binding = node.type === 'Identifier' ? c.lookup(node.name) : undefined;
  if (binding?.kind === 'broken') return c.skip();
  if (binding?.kind === 'local') return localTarget(c, node, binding.id, binding.mutable);
  const path = lowerPath(c, node);
  if (path?.base === 'state' && path.names.length > 0 && binding === undefined) {
    return { kind: 'path', path };
  }
  const shown = c.textOf(node);
  if (path?.base === 'message') {
    c.fail(node, 'RK2015', `'${shown}' is part of a message, which is read-only`, 'copy it first');
  }
  if (path !== null && binding !== undefined) {
    c.fail(node, 'RK2014', `'${shown}' is another name for a part of the state`);
  }
  if (node.type === 'MemberExpression' && isContext(c, node.object)) {
    c.fail(node, 'RK2014', `'${shown}' cannot change`);
  }
  if (c.isBroken(node)) return c.skip();
  if (rootOf(node).type === 'ThisExpression') lowerExpression(c, rootOf(node));
  return c.fail(
    node,
    'RK3017',
    `'${shown}' lives outside the handler, which can only change its state and its own variables`,
    'put it in the state',
  );
}

function localTarget(c: FunctionContext, node: AnyNode, id: number, mutable: boolean): Target {
  if (!mutable) c.fail(node, 'RK2014', `'${c.textOf(node)}' is a constant`, 'declare it with let');
  if (c.section !== null && id < c.section.fresh) {
    c.fail(
      node,
      'RK3020',
      `'${c.textOf(node)}' is shared by all iterations of ${c.section.name}`,
      'use ctx.sum, ctx.min or ctx.max, or an array in the state',
    );
  }
  return { kind: 'local', id };
}

function read(c: FunctionContext, target: Target, node: AnyNode): Value {
  return target.kind === 'local' ? c.readLocal(target.id) : load(c, target.path, node);
}

function typeOf(c: FunctionContext, target: Target, node: AnyNode): Type {
  if (target.kind === 'local') return c.readLocal(target.id).type;
  return loadedType(target.path.type) ?? c.fail(node, 'RK3005', 'this is not one value');
}

/** Writes a value to a target. */
function write(
  c: FunctionContext,
  target: Target,
  value: Value,
  at: AnyNode,
  node: AnyNode,
  merge?: MergeOperator,
): void {
  const type = typeOf(c, target, at);
  if (!unify(type, value.type)) {
    const shown = c.textOf(at);
    const message = `'${shown}' is ${typeName(type)}, this is ${typeName(value.type)}`;
    c.fail(node, 'RK2001', message, storeHint(type, value));
  }
  if (target.kind === 'local') c.emit(node, { kind: 'assign', id: target.id, value: value.e });
  else store(c, target.path, value, at, merge);
}

function storeHint(type: Type, value: Value): string {
  const big = isAmong(type, ['u64', 'i64']);
  if (big && value.e.kind === 'const') return `write it as a bigint: ${value.e.value}n`;
  return isAmong(type, ['bool']) ? 'compare it: x !== 0' : `convert it: ${typeName(type)}(x)`;
}

/** Writes one scalar of the state. */
export function store(
  c: FunctionContext,
  path: Path,
  value: Value,
  node: AnyNode,
  merge?: MergeOperator,
): void {
  if (c.section?.kind === 'reduce') {
    c.fail(
      node,
      'RK3020',
      `the term of ${c.section.name} changes the state`,
      'only compute a value',
    );
  }
  c.section?.stores.push({ path, node, merge });
  checkStorage(c, path, value, node);
  const written = stored(c, path.type, value).e;
  const statement = { kind: 'store', place: placeOf(path), value: written } as const;
  c.emit(node, merge === undefined ? statement : { ...statement, merge });
}

/** A literal that a narrow field cannot hold is a mistake; a computed value keeps its low bits. */
export function checkStorage(
  c: FunctionContext,
  { type }: Pick<Path, 'type'>,
  { e }: Value,
  node: AnyNode,
): void {
  if (type.kind !== 'scalar' || e.kind !== 'const') return;
  const { name } = type;
  if (name !== 'u8' && name !== 'u16' && name !== 'i8' && name !== 'i16') return;
  c.actor.later(() => {
    if (fitsStorage(e.value, name)) return;
    c.fail(node, 'RK2020', `${e.value} does not fit ${name}`, `${name}(x) keeps the low bits`);
  });
}

/** `=` and its compounds. The value of the whole is only made when it is `wanted`. */
export function lowerAssignment(
  c: FunctionContext,
  node: AssignmentExpression,
  wanted: boolean,
): Value | null {
  const { left, operator, right } = node;
  if (left.type === 'ObjectPattern' || left.type === 'ArrayPattern') {
    c.fail(left, 'RK3021', 'destructuring assignment is not in the language', 'assign one by one');
  }
  if (['&&=', '||=', '??='].includes(operator)) {
    c.fail(node, 'RK3002', `'${operator}' is not in the language`, 'write it out with if');
  }
  const target = targetOf(c, left);
  if (target.kind === 'path' && isWhole(target.path)) {
    if (operator !== '=' || wanted) c.fail(node, 'RK3005', 'a whole array or struct is no operand');
    storeWhole(c, target.path, right, node);
    return null;
  }
  const mark = c.mark();
  const merge = wanted ? undefined : mergeAt(c, target, operator.slice(0, -1));
  const value =
    operator === '='
      ? lowerExpression(c, right)
      : compound(c, node, target, operator.slice(0, -1), merge);
  return finish(c, target, mark, value, node, wanted, merge);
}

function mergeAt(c: FunctionContext, target: Target, operator: string): MergeOperator | undefined {
  return target.kind === 'path' ? mergeOf(c.section, target.path, operator) : undefined;
}

/** Reads what is about to be changed. What is merged is not read by the user. */
function readOld(
  c: FunctionContext,
  target: Target,
  node: AnyNode,
  merge: MergeOperator | undefined,
): Value {
  const value = read(c, target, node);
  if (merge !== undefined) c.section?.loads.pop();
  return value;
}

function compound(
  c: FunctionContext,
  node: AssignmentExpression,
  target: Target,
  operator: string,
  merge: MergeOperator | undefined,
): Value {
  const steps = [() => readOld(c, target, node.left, merge), () => lowerExpression(c, node.right)];
  const [old, operand] = c.inOrder(steps) as [Value, Value];
  return combine(c, node, operator, old, operand);
}

/** Writes the value, to the place that the target was before the value was computed. */
function finish(
  c: FunctionContext,
  target: Target,
  mark: ReturnType<FunctionContext['mark']>,
  value: Value,
  node: AssignmentExpression,
  wanted: boolean,
  merge: MergeOperator | undefined,
): Value | null {
  const to: Target =
    target.kind === 'path' ? { kind: 'path', path: c.keepPath(target.path, mark) } : target;
  unify(typeOf(c, to, node.left), value.type);
  const result = wanted && to.kind === 'path' ? c.pin(value) : value;
  write(c, to, result, node.left, node, merge);
  if (!wanted) return null;
  return to.kind === 'local' ? c.readLocal(to.id) : result;
}

/** `++` and `--`. */
export function lowerUpdate(
  c: FunctionContext,
  node: UpdateExpression,
  wanted: boolean,
): Value | null {
  const target = targetOf(c, node.argument);
  if (target.kind === 'path' && isWhole(target.path)) load(c, target.path, node.argument);
  const operator = node.operator === '++' ? '+' : '-';
  const merge = wanted ? undefined : mergeAt(c, target, operator);
  const current = readOld(c, target, node.argument, merge);
  const old = wanted && !node.prefix ? c.pin(current) : current;
  const sum = combine(c, node, operator, old, one(c, node, old.type));
  const result = wanted && node.prefix && target.kind === 'path' ? c.pin(sum) : sum;
  write(c, target, result, node.argument, node, merge);
  if (!wanted) return null;
  if (!node.prefix) return old;
  return target.kind === 'local' ? c.readLocal(target.id) : result;
}
