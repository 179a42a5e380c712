import type { AnyNode, CallExpression, Expression as EsExpression } from 'acorn';
import { didYouMean } from '../diagnostics/nearest.ts';
import type { MathFunction, ValueType } from '../ir/types.ts';
import {
  decide,
  is64,
  prune,
  requireFraction,
  requireInteger,
  type Type,
  typeName,
  unify,
} from '../types/inference.ts';
import { Skip } from './actor-context.ts';
import { lowerExpression, lowerOperands } from './expression.ts';
import { lowerHelper } from './function.ts';
import type { FunctionContext, UserFunction, Value } from './function-context.ts';
import { outside } from './outside.ts';
import { lowerReduce } from './parallel.ts';
import { isContext, memberName } from './path.ts';
import { contextStatements } from './send.ts';

/** What stands before the parentheses of a call. */
type Callee =
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'math'; readonly name: string }
  | { readonly kind: 'context'; readonly name: string }
  | {
      readonly kind: 'helper';
      readonly fn: UserFunction;
      readonly name: string;
      readonly inlined: boolean;
    };

const conversions = [
  'bool',
  'u8',
  'u16',
  'u32',
  'u64',
  'i8',
  'i16',
  'i32',
  'i64',
  'f32',
  'f64',
] as const;
const bitWords = ['idiv', 'mulhi', 'rotl'];
const words: readonly string[] = [...conversions, ...bitWords];

const contextFunctions: readonly string[] = [
  ...contextStatements,
  'at',
  'now',
  'random',
  'randomU32',
  'sum',
  'min',
  'max',
  ...words,
];

/** Functions that minifiers put in the place of a helper: one object for each text, so that it is lowered once. */
const inlinedFunctions = new Map<string, UserFunction>();

function inlinedFunction(text: string): UserFunction {
  const known = inlinedFunctions.get(text);
  if (known !== undefined) return known;
  const made: UserFunction = () => {};
  inlinedFunctions.set(text, made);
  return made;
}

function contextCallee(name: string): Callee {
  return words.includes(name) ? { kind: 'word', name } : { kind: 'context', name };
}

function calleeOf(c: FunctionContext, callee: AnyNode): Callee | null {
  let node = callee;
  while (node.type === 'ParenthesizedExpression') node = node.expression;
  if (node.type === 'SequenceExpression' && node.expressions.length === 2) {
    node = node.expressions[1] as AnyNode; // (0, module.u32)(x)
  }
  if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') {
    const fn = inlinedFunction(c.textOf(node));
    return { kind: 'helper', fn, name: node.id?.name ?? 'inlined', inlined: true };
  }
  if (node.type === 'MemberExpression') {
    const name = memberName(node);
    if (name !== null && isContext(c, node.object)) return contextCallee(name);
    const math = node.object.type === 'Identifier' && node.object.name === 'Math';
    if (name !== null && math && c.lookup('Math') === undefined) return { kind: 'math', name };
  }
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'member') return contextCallee(binding.name);
    if (binding !== undefined) return null;
  }
  return outsideCallee(c, node);
}

/** A schema word by identity, a plain function, or, where values can't be read, a word by its name. */
function outsideCallee(c: FunctionContext, node: AnyNode): Callee | null {
  const found = outside(c, node);
  let name = '';
  if (node.type === 'Identifier') name = node.name;
  else if (node.type === 'MemberExpression') name = memberName(node) ?? '';
  if (found === null) return words.includes(name) ? { kind: 'word', name } : null;
  if (typeof found.value !== 'function') return null;
  const { scalar } = found.value as { scalar?: string };
  if (scalar !== undefined && words.includes(scalar)) return { kind: 'word', name: scalar };
  if (found.value === Math[name as 'abs']) return { kind: 'math', name };
  return {
    kind: 'helper',
    fn: found.value as UserFunction,
    name: name || 'helper',
    inlined: false,
  };
}

export function lowerCall(c: FunctionContext, node: CallExpression): Value {
  if (node.optional) return c.fail(node, 'RK3002', "'?.': nothing is null on the device");
  const callee = calleeOf(c, node.callee);
  if (callee === null) {
    const message = `cannot call '${c.textOf(node.callee)}' on the device`;
    const hint =
      'call a plain function, a Math function or a ctx method; what is renamed or hidden goes in `uses`';
    return c.fail(node, 'RK3012', message, hint);
  }
  const args = node.arguments.map((a) => {
    if (a.type === 'SpreadElement') c.fail(a, 'RK3002', "'...' is not in the language");
    return a as EsExpression;
  });
  if (callee.kind === 'word') return lowerWord(c, node, callee.name, args);
  if (callee.kind === 'math') return lowerMath(c, node, callee.name, args);
  if (callee.kind === 'context') return lowerContextCall(c, node, callee.name, args);
  return callHelper(c, node, callee, args);
}

/** The name of a ctx method that is a statement (`send`, `reply` …), when the call is one. */
export function statementCall(c: FunctionContext, node: CallExpression): string | null {
  const callee = calleeOf(c, node.callee);
  return callee?.kind === 'context' && contextStatements.includes(callee.name) ? callee.name : null;
}

function need(
  c: FunctionContext,
  node: AnyNode,
  name: string,
  args: readonly EsExpression[],
  count: number,
): void {
  if (args.length === count) return;
  const noun = count === 1 ? 'argument' : 'arguments';
  c.fail(node, 'RK2013', `${name} takes ${count} ${noun}, got ${args.length}`);
}

function one(c: FunctionContext, args: readonly EsExpression[]): Value {
  return lowerExpression(c, args[0] as EsExpression);
}

/** `u32(x)` and the rest, and the integer functions that WGSL and CUDA have and JavaScript does not. */
function lowerWord(
  c: FunctionContext,
  node: AnyNode,
  name: string,
  args: readonly EsExpression[],
): Value {
  if (bitWords.includes(name)) {
    need(c, node, name, args, 2);
    const [a, b] = lowerOperands(c, args) as [Value, Value];
    const wanted: Type = name === 'idiv' ? b.t : 'u32';
    c.unify(node, a.t, wanted, name);
    if (name !== 'idiv') {
      c.unify(node, b.t, 'u32', name);
      return c.value(
        { kind: 'math', type: 'u32', fn: name as MathFunction, args: [a.e, b.e] },
        'u32',
      );
    }
    if (!requireInteger(a.t)) c.fail(node, 'RK2003', `idiv needs integers, not ${typeName(a.t)}`);
    return c.value({ kind: 'binary', type: 'i32', op: '/', left: a.e, right: b.e }, a.t);
  }
  need(c, node, name, args, 1);
  return convert(c, node, name as (typeof conversions)[number], one(c, args));
}

function convert(
  c: FunctionContext,
  node: AnyNode,
  to: (typeof conversions)[number],
  value: Value,
): Value {
  if (to === 'f64') c.actor.requires.add('f64');
  const bits = { u8: 8, u16: 16, i8: 8, i16: 16 }[to as string];
  if (bits !== undefined) return narrow(c, node, to.startsWith('u'), bits, value);
  const wanted = to as ValueType;
  const { e, t } = value;
  if (
    e.kind === 'const' &&
    typeof e.value === 'number' &&
    typeof prune(t) !== 'string' &&
    wanted !== 'bool'
  ) {
    return c.constant(constantOf(wanted, e.value), wanted, node);
  }
  return c.value({ kind: 'convert', type: wanted, operand: e }, wanted);
}

/** A literal converted: it has no type of its own, so this is its type. */
function constantOf(to: ValueType, value: number): number | bigint {
  if (to === 'u64') return BigInt.asUintN(64, BigInt(Math.trunc(value)));
  if (to === 'i64') return BigInt.asIntN(64, BigInt(Math.trunc(value)));
  if (to === 'u32') return value >= 2 ** 32 ? 0xffff_ffff : value >>> 0;
  if (to === 'i32')
    return Math.abs(value) >= 2 ** 32 ? (value < 0 ? -(2 ** 31) : 2 ** 31 - 1) : value | 0;
  return value;
}

/** u8, u16, i8 and i16 live in 32 bits: converting cuts, and extends the sign again. */
function narrow(
  c: FunctionContext,
  node: AnyNode,
  unsigned: boolean,
  bits: number,
  value: Value,
): Value {
  const wide = unsigned ? 'u32' : 'i32';
  const whole = convert(c, node, wide, value);
  if (unsigned) {
    const mask = c.constant(2 ** bits - 1, wide, node);
    return c.value({ kind: 'binary', type: wide, op: '&', left: whole.e, right: mask.e }, wide);
  }
  const by = (): Value => c.constant(32 - bits, 'u32', node);
  const up = c.value({ kind: 'binary', type: wide, op: '<<', left: whole.e, right: by().e }, wide);
  return c.value({ kind: 'binary', type: wide, op: '>>', left: up.e, right: by().e }, wide);
}

const fractionFunctions: readonly string[] = [
  'atan2',
  'ceil',
  'cos',
  'exp',
  'floor',
  'log',
  'log2',
  'pow',
  'sin',
  'sqrt',
  'tan',
  'tanh',
  'trunc',
];

const mathHints: Record<string, string> = {
  random: 'ctx.random() gives the same numbers on every backend',
  round: 'Math.floor(x + 0.5)',
  hypot: 'Math.sqrt(x * x + y * y)',
  cbrt: 'Math.pow(x, 1 / 3)',
  sign: 'x > 0 ? 1 : x < 0 ? -1 : 0',
  log10: 'Math.log(x) / Math.LN10',
};

function lowerMath(
  c: FunctionContext,
  node: AnyNode,
  name: string,
  args: readonly EsExpression[],
): Value {
  if (name === 'min' || name === 'max') return lowerExtreme(c, node, name, args);
  if (name === 'imul') {
    need(c, node, 'Math.imul', args, 2);
    const [a, b] = lowerOperands(c, args) as [Value, Value];
    c.unify(node, a.t, b.t, 'Math.imul');
    if (!requireInteger(a.t) || is64(a.t)) c.fail(node, 'RK2003', 'Math.imul needs i32 or u32');
    return c.value({ kind: 'binary', type: 'i32', op: '*', left: a.e, right: b.e }, a.t);
  }
  if (name === 'abs') {
    need(c, node, 'Math.abs', args, 1);
    const { e, t } = one(c, args);
    if (prune(t) === 'bool') c.fail(node, 'RK2003', 'Math.abs needs a number, not bool');
    return c.value({ kind: 'math', type: 'i32', fn: 'abs', args: [e] }, t);
  }
  if (name === 'fround') {
    need(c, node, 'Math.fround', args, 1);
    return convert(c, node, 'f32', one(c, args));
  }
  if (name === 'clz32') {
    need(c, node, 'Math.clz32', args, 1);
    const { e, t } = one(c, args);
    if (!requireInteger(t) || is64(t))
      c.fail(node, 'RK2003', `Math.clz32 needs i32 or u32, not ${typeName(t)}`);
    return c.value({ kind: 'math', type: 'i32', fn: 'clz', args: [e] }, t);
  }
  if (!fractionFunctions.includes(name)) {
    return c.fail(node, 'RK3014', `Math.${name} is not portable`, mathHints[name] ?? null);
  }
  return lowerFraction(c, node, name as MathFunction, args);
}

function lowerFraction(
  c: FunctionContext,
  node: AnyNode,
  fn: MathFunction,
  args: readonly EsExpression[],
): Value {
  need(c, node, `Math.${fn}`, args, fn === 'pow' || fn === 'atan2' ? 2 : 1);
  const values = lowerOperands(c, args);
  const t = (values[0] as Value).t;
  for (const value of values) {
    if (requireFraction(value.t)) continue;
    c.fail(
      node,
      'RK2001',
      `Math.${fn} needs f32 or f64, not ${typeName(value.t)}`,
      'convert with f32(x)',
    );
  }
  if (values[1] !== undefined) c.unify(node, t, values[1].t, `Math.${fn}`);
  return c.value({ kind: 'math', type: 'f32', fn, args: values.map((v) => v.e) }, t);
}

function lowerExtreme(
  c: FunctionContext,
  node: AnyNode,
  fn: 'min' | 'max',
  args: readonly EsExpression[],
): Value {
  if (args.length < 2) need(c, node, `Math.${fn}`, args, 2);
  const [first, ...rest] = lowerOperands(c, args) as [Value, ...Value[]];
  if (prune(first.t) === 'bool') c.fail(node, 'RK2003', `Math.${fn} needs numbers, not bool`);
  return rest.reduce((left, right) => {
    c.unify(node, left.t, right.t, `Math.${fn}`);
    return c.value({ kind: 'math', type: 'i32', fn, args: [left.e, right.e] }, left.t);
  }, first);
}

function lowerContextCall(
  c: FunctionContext,
  node: CallExpression,
  name: string,
  args: readonly EsExpression[],
): Value {
  if (name === 'now') {
    need(c, node, 'ctx.now', args, 0);
    return c.value({ kind: 'now', type: 'u64' }, 'u64');
  }
  if (name === 'at') {
    need(c, node, 'ctx.at', args, 1);
    const { e, t } = one(c, args);
    if (!unify(t, 'u32'))
      c.fail(node, 'RK2007', `ctx.at takes u32, not ${typeName(t)}`, 'convert it with u32(x)');
    return { ...c.value({ kind: 'at', type: 'u32', index: e }, 'u32'), ref: null };
  }
  if (name === 'random' || name === 'randomU32') {
    need(c, node, `ctx.${name}`, args, 0);
    if (c.parallelDepth > 0)
      c.fail(node, 'RK3020', `ctx.${name}() inside a parallel section`, 'draw before it');
    if (c.role.message === undefined)
      c.fail(node, 'RK3015', 'a helper has no ctx', 'pass the number in');
    const type = name === 'random' ? 'f32' : 'u32';
    const id = c.newLocal('draw', type);
    c.before.push({ kind: 'random', id, type });
    return c.readLocal(id);
  }
  if (name === 'sum' || name === 'min' || name === 'max') return lowerReduce(c, node, name, args);
  if (contextStatements.includes(name)) {
    return c.fail(
      node,
      'RK3004',
      `ctx.${name}() has no value`,
      'write it as a statement of its own',
    );
  }
  return c.fail(
    node,
    'RK3015',
    `ctx has no '${name}'`,
    didYouMean(name, contextFunctions, 'ctx has'),
  );
}

/** A user's function: lowered once for each list of argument types. */
function callHelper(
  c: FunctionContext,
  node: CallExpression,
  callee: Callee & { readonly kind: 'helper' },
  args: readonly EsExpression[],
): Value {
  const { fn, name } = callee;
  const values = lowerOperands(c, args);
  const types = values.map((v) => decide(v.t));
  const key = types.join(',');
  const { helpers, inProgress, functions } = c.actor;
  const known = helpers.get(fn) ?? new Map<string, number>();
  helpers.set(fn, known);
  let index = known.get(key);
  if (index === undefined) {
    const from = inProgress.findIndex((h) => h.fn === fn);
    if (from >= 0) {
      const round = [...inProgress.slice(from).map((h) => h.name), name].join(' → ');
      c.fail(
        node,
        'RK3016',
        `recursion: ${round}; GPUs have no call stack`,
        'use a loop, or send yourself a message',
      );
    }
    inProgress.push({ fn, name });
    const text = callee.inlined ? c.textOf(node.callee) : null;
    const lowered = lowerHelper(c.actor, fn, name, types, text, c.captured);
    inProgress.pop();
    if (lowered === null) throw new Skip();
    index = functions.push(lowered) - 1;
    known.set(key, index);
  }
  const helper = functions[index];
  if (helper === undefined || helper.result === null) throw new Skip();
  if (helper.parameters.length !== values.length) {
    const wanted = helper.parameters.length;
    c.fail(
      node,
      'RK2013',
      `${name} takes ${wanted} argument${wanted === 1 ? '' : 's'}, got ${values.length}`,
    );
  }
  return c.value(
    { kind: 'call', type: helper.result, fn: index, args: values.map((v) => v.e) },
    helper.result,
  );
}
