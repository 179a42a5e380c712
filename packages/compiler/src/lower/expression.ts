import type {
  AnyNode,
  AssignmentExpression,
  ConditionalExpression,
  Expression as EsExpression,
  LogicalExpression,
  MemberExpression,
  UnaryExpression,
  UpdateExpression,
} from 'acorn';
import type { Expression, Statement, ValueType } from '../ir/types.ts';
import { isCounter } from '../parse/coverage.ts';
import {
  isInteger,
  isUnsigned,
  prune,
  requireInteger,
  type Type,
  typeName,
  unify,
  variable,
} from '../types/inference.ts';
import { lowerAssignment, lowerUpdate } from './assign.ts';
import { lowerBinary } from './binary.ts';
import { lowerCall } from './call.ts';
import type { FunctionContext, Value } from './function-context.ts';
import { literal, outside } from './outside.ts';
import { isContext, load, lowerIndex, lowerPath, memberName, memberOf } from './path.ts';

const noClosures = 'write a top-level function, or ctx.parallelFor';

/** Lowers an expression. What must be done first is appended to `c.before`. */
export function lowerExpression(c: FunctionContext, node: EsExpression): Value {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return lowerExpression(c, node.expression);
    case 'Literal':
      if (typeof node.bigint === 'string') return literal(c, BigInt(node.bigint), node);
      if (typeof node.value === 'number' || typeof node.value === 'boolean')
        return literal(c, node.value, node);
      return c.fail(
        node,
        'RK3003',
        'strings, null and regular expressions do not exist on the device',
        'use a number',
      );
    case 'TemplateLiteral':
    case 'TaggedTemplateExpression':
      return c.fail(node, 'RK3003', 'strings do not exist on the device', 'use a number');
    case 'Identifier':
      return lowerName(c, node, node.name);
    case 'MemberExpression':
      return lowerMember(c, node);
    case 'UnaryExpression':
      return lowerUnary(c, node);
    case 'BinaryExpression':
      return lowerBinary(c, node);
    case 'LogicalExpression':
      return lowerLogical(c, node);
    case 'ConditionalExpression':
      return lowerConditional(c, node);
    case 'CallExpression':
      return lowerCall(c, node);
    case 'SequenceExpression':
      return lowerSequence(c, node.expressions);
    case 'AssignmentExpression':
      return lowerAssignmentValue(c, node);
    case 'UpdateExpression':
      return lowerUpdateValue(c, node);
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return c.fail(node, 'RK3009', 'closures do not exist on the device', noClosures);
    case 'AwaitExpression':
    case 'YieldExpression':
      return c.fail(
        node,
        'RK1002',
        'a handler cannot wait',
        'send yourself a message for the part that follows',
      );
    case 'NewExpression':
    case 'ObjectExpression':
    case 'ArrayExpression':
    case 'ClassExpression':
      return c.fail(
        node,
        'RK3013',
        'a handler cannot allocate',
        'put an array in the state: array(f32, 64)',
      );
    case 'ChainExpression':
      return c.fail(node, 'RK3002', "'?.': nothing is null on the device", 'use a plain dot');
    default:
      return c.fail(node, 'RK3002', `${node.type} is not in the language`);
  }
}

/** A condition: bool, nothing else. */
export function lowerCondition(c: FunctionContext, node: EsExpression): Value {
  const value = lowerExpression(c, node);
  if (unify(value.t, 'bool')) return value;
  return c.fail(
    node,
    'RK2002',
    `a condition must be a bool, this is ${typeName(value.t)}`,
    'compare it: x !== 0',
  );
}

/** Lowers operands left to right. When a later one assigns something, the earlier values are kept first. */
export function lowerOperands(c: FunctionContext, nodes: readonly EsExpression[]): Value[] {
  const done: Value[] = [];
  for (const node of nodes) {
    const mark = c.before.length;
    const value = lowerExpression(c, node);
    const added = c.before.slice(mark);
    if (added.some(changes)) {
      c.before.length = mark;
      for (const [i, earlier] of done.entries())
        if (earlier.e.kind !== 'const') done[i] = c.pin(earlier);
      c.before.push(...added);
    }
    done.push(value);
  }
  return done;
}

/** Whether a statement can change what an expression evaluated before it would now read. */
function changes(s: Statement): boolean {
  if (s.kind === 'assign' || s.kind === 'store' || s.kind === 'copy' || s.kind === 'loop')
    return true;
  return s.kind === 'if' && (s.then.some(changes) || s.otherwise.some(changes));
}

/** Whether evaluating it can fault or costs a call: it must not happen in the arm that is not taken. */
function isLazy(e: Expression): boolean {
  switch (e.kind) {
    case 'call':
      return true;
    case 'load':
      return e.place.indices.some((i) => !i.safe || isLazy(i.value));
    case 'binary':
      return isLazy(e.left) || isLazy(e.right);
    case 'unary':
    case 'convert':
      return isLazy(e.operand);
    case 'select':
      return isLazy(e.condition) || isLazy(e.whenTrue) || isLazy(e.whenFalse);
    case 'math':
      return e.args.some(isLazy);
    case 'at':
      return isLazy(e.index);
    default:
      return false;
  }
}

function lowerName(c: FunctionContext, node: AnyNode, name: string): Value {
  const binding = c.lookup(name);
  if (binding?.kind === 'local') return c.readLocal(binding.id);
  if (binding?.kind === 'path') return load(c, binding.path, node);
  if (binding?.kind === 'member') return contextValue(c, node, binding.name);
  if (binding !== undefined)
    return c.fail(node, 'RK3004', `'${name}' is not a value`, 'use a member of it');
  const found = outside(c, node);
  if (found !== null) return literal(c, found.value, node);
  const hint =
    c.captured === null
      ? `pass it in \`uses: { ${name} }\` (the inspector is not available here)`
      : 'declare it as a const before the actor, or pass it in `uses`';
  const message = `'${name}' is not defined inside the handler and its value could not be read`;
  return c.fail(node, 'RK3010', message, hint);
}

const contextValues = ['self', 'sender', 'index', 'instances'] as const;

function contextValue(c: FunctionContext, node: AnyNode, name: string): Value {
  const kind = contextValues.find((k) => k === name);
  if (kind !== undefined)
    return { ...c.value({ kind, type: 'u32' }, 'u32'), ...(kind === 'self' && { ref: null }) };
  if (name === 'state') return c.fail(node, 'RK3005', 'the state is a struct; use a field of it');
  return c.fail(node, 'RK3004', `ctx.${name} is not a value`, `call it: ctx.${name}(…)`);
}

const mathConstants = ['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'] as const;

function lowerMember(c: FunctionContext, node: MemberExpression): Value {
  const name = memberName(node);
  if (name !== null && isContext(c, node.object)) return contextValue(c, node, name);
  const { object } = node;
  if (object.type === 'Identifier' && object.name === 'Math' && c.lookup('Math') === undefined) {
    const constant = mathConstants.find((k) => k === name);
    if (constant !== undefined) return c.constant(Math[constant], variable('fraction'), node);
  }
  if (name === 'length') {
    const owner = lowerPath(c, object);
    if (owner?.type.kind === 'array')
      return c.constant(owner.type.length, variable('integer'), node);
    if (owner !== null) return load(c, memberOf(c, owner, node), node);
    const length = outsideLength(c, object);
    if (length !== null) return c.constant(length, variable('integer'), node);
  }
  const path = lowerPath(c, node);
  if (path !== null) return load(c, path, node);
  const found = outside(c, node);
  if (found !== null && found.value !== undefined) return literal(c, found.value, node);
  const table = node.computed ? lowerTable(c, node) : null;
  if (table !== null) return table;
  const hint = 'the state is ctx.state.field, the message is the second parameter';
  return c.fail(node, 'RK3007', `cannot read '${c.textOf(node)}' on the device`, hint);
}

function outsideLength(c: FunctionContext, node: AnyNode): number | null {
  const array = outside(c, node)?.value;
  return Array.isArray(array) || ArrayBuffer.isView(array)
    ? ((array as { length?: number }).length ?? null)
    : null;
}

/** How a captured array is stored: by its own kind, or by what is in it. */
function tableStorage(array: ArrayLike<unknown>): Exclude<ValueType, 'bool'> | null {
  if (array instanceof Float64Array) return 'f64';
  if (array instanceof Float32Array) return 'f32';
  if (array instanceof BigInt64Array) return 'i64';
  if (array instanceof BigUint64Array) return 'u64';
  const values = Array.from(array);
  if (values.every((v) => typeof v === 'bigint'))
    return values.some((v) => (v as bigint) < 0n) ? 'i64' : 'u64';
  if (!values.every((v) => typeof v === 'number' && Number.isFinite(v))) return null;
  if (values.some((v) => !Number.isInteger(v))) return 'f32';
  if (values.some((v) => (v as number) < 0)) return 'i32';
  return 'u32';
}

/** An element of a captured array of numbers: the array becomes constant data of the module. */
function lowerTable(c: FunctionContext, node: MemberExpression): Value | null {
  const array = outside(c, node.object)?.value;
  if (!Array.isArray(array) && !ArrayBuffer.isView(array)) return null;
  const list = array as unknown as ArrayLike<number | bigint>;
  const storage = list.length === 0 ? null : tableStorage(list);
  if (storage === null) return null;
  const bytes = { f64: 8, i64: 8, u64: 8, f32: 4, i32: 4, u32: 4 }[storage];
  const table = c.actor.table(list, storage);
  const index = lowerIndex(c, node.property as EsExpression, list.length, bytes);
  const constant = typeof index === 'number';
  const path = [c.textOf(node.object), '[]'];
  const place = {
    base: 'table',
    table,
    path,
    storage,
    offset: constant ? index * bytes : 0,
    indices: constant ? [] : [index],
  } as const;
  return c.value({ kind: 'load', type: storage, place }, storage);
}

function lowerUnary(c: FunctionContext, node: UnaryExpression): Value {
  const { operator, argument } = node;
  if (operator === '!' && argument.type === 'Literal' && typeof argument.value === 'number') {
    return c.constant(argument.value === 0, 'bool', node); // a minifier's true and false
  }
  if (operator === '+') {
    return c.fail(
      node,
      'RK3002',
      'unary + converts strings in JavaScript',
      'drop it, or use f32(x)',
    );
  }
  const { e, t } = operator === '!' ? lowerCondition(c, argument) : lowerExpression(c, argument);
  if (operator === '!')
    return c.value({ kind: 'unary', type: 'bool', op: '!', operand: e }, 'bool');
  if (operator === '~') {
    if (!requireInteger(t)) c.fail(node, 'RK2003', `'~' needs an integer, not ${typeName(t)}`);
    return c.value({ kind: 'unary', type: 'i32', op: '~', operand: e }, t);
  }
  if (operator !== '-') return c.fail(node, 'RK3002', `'${operator}' is not in the language`);
  if (e.kind === 'const' && typeof e.value !== 'boolean') return negated(c, e.value, t, node);
  if (prune(t) === 'bool') c.fail(node, 'RK2003', "'-' needs a number, not bool");
  c.later(() => {
    if (isUnsigned(t)) c.fail(node, 'RK2005', `'-' on ${typeName(t)}`, 'convert first: -i32(x)');
  });
  return c.value({ kind: 'unary', type: 'i32', op: '-', operand: e }, t);
}

/** A negative literal. -0 is a fraction: integers have none. */
function negated(c: FunctionContext, value: number | bigint, t: Type, node: AnyNode): Value {
  if (value === 0 && !isInteger(t))
    return c.constant(-0, unify(t, variable('fraction')) ? t : 'f32', node);
  return c.constant(-value, t, node);
}

function lowerLogical(c: FunctionContext, node: LogicalExpression): Value {
  const { operator } = node;
  if (operator === '??') return c.fail(node, 'RK3002', "'??': nothing is null on the device");
  const left = lowerCondition(c, node.left);
  const { result: right, before } = c.aside(() => lowerCondition(c, node.right));
  if (before.length === 0) {
    return c.value(
      { kind: 'binary', type: 'bool', op: operator, left: left.e, right: right.e },
      'bool',
    );
  }
  const kept = c.pin(left);
  const { id } = kept.e as { id: number };
  const enters: Expression =
    operator === '&&' ? kept.e : { kind: 'unary', type: 'bool', op: '!', operand: kept.e };
  const then: Statement[] = [...before, { kind: 'assign', id, value: right.e }];
  c.before.push({ kind: 'if', condition: enters, then, otherwise: [] });
  return c.readLocal(id);
}

function lowerConditional(c: FunctionContext, node: ConditionalExpression): Value {
  const condition = lowerCondition(c, node.test);
  const yes = c.aside(() => lowerExpression(c, node.consequent));
  const no = c.aside(() => lowerExpression(c, node.alternate));
  const { t, ref } = yes.result;
  c.unify(node, t, no.result.t, "both sides of '?:'");
  const both = ref !== undefined && ref === no.result.ref ? { ref } : {};
  const [whenTrue, whenFalse] = [yes.result.e, no.result.e];
  const simple =
    yes.before.length + no.before.length === 0 && !isLazy(whenTrue) && !isLazy(whenFalse);
  if (simple) {
    const select = {
      kind: 'select',
      type: 'i32',
      condition: condition.e,
      whenTrue,
      whenFalse,
    } as const;
    return { ...c.value({ ...select }, t), ...both };
  }
  const id = c.newLocal('t', t, ref);
  c.before.push({ kind: 'let', id, value: null });
  c.before.push({
    kind: 'if',
    condition: condition.e,
    then: [...yes.before, { kind: 'assign', id, value: whenTrue }],
    otherwise: [...no.before, { kind: 'assign', id, value: whenFalse }],
  });
  return { ...c.readLocal(id), ...both };
}

function lowerSequence(c: FunctionContext, expressions: readonly EsExpression[]): Value {
  const real = expressions.filter((e) => !isCounter(e));
  for (const e of real.slice(0, -1)) lowerExpression(c, e);
  return lowerExpression(c, real.at(-1) as EsExpression);
}

function lowerAssignmentValue(c: FunctionContext, node: AssignmentExpression): Value {
  return lowerAssignment(c, node, c.before);
}

/** `x++` is the value before, `++x` the value after. */
function lowerUpdateValue(c: FunctionContext, node: UpdateExpression): Value {
  return lowerUpdate(c, node, c.before);
}
