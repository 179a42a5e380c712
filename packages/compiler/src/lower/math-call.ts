import type { AnyNode, CallExpression, Expression as EsExpression } from 'acorn';
import type { MathFunction, ValueType } from '../ir/types.ts';
import {
  anyNumber,
  bigints,
  fractions,
  integers,
  isAmong,
  restrict,
  type Type,
  typeName,
  words,
} from '../types/index.ts';
import { lowerArguments } from './arguments.ts';
import { convert } from './conversion.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { combine } from './operator.ts';
import type { Value } from './value.ts';

/** Functions of one fraction. */
const ofFraction: readonly MathFunction[] = [
  'floor',
  'ceil',
  'trunc',
  'sqrt',
  'sin',
  'cos',
  'tan',
  'exp',
  'log',
  'log2',
  'tanh',
];

const instead: Readonly<Record<string, string>> = {
  random: 'ctx.random() draws the same numbers on every backend',
  round: 'Math.floor(x + 0.5)',
  hypot: 'Math.sqrt(x * x + y * y)',
  sign: 'x > 0 ? 1 : x < 0 ? -1 : 0',
  cbrt: 'Math.pow(x, 1 / 3)',
  log10: 'Math.log2(x) * 0.30103',
};

function apply(c: FunctionContext, fn: MathFunction, args: readonly Value[], type: Type): Value {
  return c.value({ kind: 'math', type: 'i32', fn, args: args.map(({ e }) => e) }, type);
}

function needs(
  c: FunctionContext,
  node: AnyNode,
  name: string,
  { type }: Value,
  types: readonly ValueType[],
): void {
  if (restrict(type, types)) return;
  const what = types === fractions ? 'f32 or f64' : types.join(', ');
  const hint = types === fractions ? 'convert it with f32(x)' : null;
  c.fail(node, 'RK2003', `${name} needs ${what}, this is ${typeName(type)}`, hint);
}

/** `Math.name(…)`. */
export function lowerMath(c: FunctionContext, name: string, node: CallExpression): Value {
  const shown = `Math.${name}`;
  if (name === 'min' || name === 'max') return lowerExtreme(c, name, node);
  if (name === 'floor' || name === 'trunc') {
    const division = lowerQuotient(c, name, node);
    if (division !== null) return division;
  }
  if (ofFraction.includes(name as MathFunction)) {
    const [x] = lowerArguments(c, node, shown, 1) as [Value];
    needs(c, node, shown, x, fractions);
    return apply(c, name as MathFunction, [x], x.type);
  }
  switch (name) {
    case 'pow':
    case 'atan2': {
      const [x, y] = lowerArguments(c, node, shown, 2) as [Value, Value];
      needs(c, node, shown, x, fractions);
      c.unify(node, x.type, y.type, shown);
      return apply(c, name, [x, y], x.type);
    }
    case 'abs': {
      const [x] = lowerArguments(c, node, shown, 1) as [Value];
      needs(c, node, shown, x, [...anyNumber, ...bigints]);
      return apply(c, 'abs', [x], x.type);
    }
    case 'imul': {
      const [x, y] = lowerArguments(c, node, shown, 2) as [Value, Value];
      needs(c, node, shown, x, words);
      for (const side of [x, y]) c.useBits(side);
      c.unify(node, x.type, y.type, shown);
      return c.value({ kind: 'binary', type: 'i32', op: '*', left: x.e, right: y.e }, x.type);
    }
    case 'clz32': {
      const [x] = lowerArguments(c, node, shown, 1) as [Value];
      needs(c, node, shown, x, words);
      return apply(c, 'clz', [x], x.type);
    }
    case 'fround': {
      const [x] = lowerArguments(c, node, shown, 1) as [Value];
      needs(c, node, shown, x, [...anyNumber]);
      return convert(c, x, 'f32', node);
    }
    default:
      return c.fail(node, 'RK3014', `${shown} is not portable`, instead[name] ?? null);
  }
}

function lowerExtreme(c: FunctionContext, name: 'min' | 'max', node: CallExpression): Value {
  const shown = `Math.${name}`;
  if (node.arguments.length < 2) {
    const found = node.arguments.length;
    c.fail(node, 'RK2013', `${shown} takes two arguments or more here, found ${found}`);
  }
  const values = lowerArguments(c, node, shown, node.arguments.length);
  return values.reduce((a, b) => {
    needs(c, node, shown, a, [...anyNumber, ...bigints]);
    c.unify(node, a.type, b.type, shown);
    return apply(c, name, [a, b], a.type);
  });
}

/**
 * `Math.floor(a / b)` of u32 and `Math.trunc(a / b)` of any 32-bit integers are whole division in JavaScript as well.
 * null when the argument is no division.
 */
function lowerQuotient(
  c: FunctionContext,
  name: 'floor' | 'trunc',
  node: CallExpression,
): Value | null {
  const [division] = node.arguments;
  if (division?.type !== 'BinaryExpression' || division.operator !== '/') return null;
  const sides = [division.left as EsExpression, division.right];
  const [a, b] = c.inOrder(sides.map((side) => () => lowerExpression(c, side))) as [Value, Value];
  const quotient = combine(c, division, '/', a, b, name === 'trunc' ? words : ['u32']);
  if (isAmong(quotient.type, words)) return quotient;
  needs(c, node, `Math.${name}`, quotient, fractions);
  return apply(c, name, [quotient], quotient.type);
}

/** `BigInt.asUintN(64, x)` and `BigInt.asIntN(64, x)`. */
export function lowerBigInt(c: FunctionContext, name: string, node: CallExpression): Value {
  const shown = `BigInt.${name}`;
  const to = name === 'asUintN' ? 'u64' : name === 'asIntN' ? 'i64' : null;
  const [bits, operand] = node.arguments;
  const whole = bits?.type === 'Literal' && bits.value === 64;
  if (to === null || !whole || operand === undefined || node.arguments.length !== 2) {
    c.fail(node, 'RK3012', `${shown} is known with 64 bits only`, 'convert with u64(x) or i64(x)');
  }
  const value = lowerExpression(c, operand);
  needs(c, node, shown, value, bigints);
  return convert(c, value, to, node);
}

/** `ctx.idiv`, `ctx.mulhi`, `ctx.rotl`. */
export function lowerIntrinsic(
  c: FunctionContext,
  name: 'idiv' | 'mulhi' | 'rotl',
  node: CallExpression,
): Value {
  const shown = `ctx.${name}`;
  const [a, b] = lowerArguments(c, node, shown, 2) as [Value, Value];
  if (name === 'idiv') {
    needs(c, node, shown, a, integers);
    c.unify(node, a.type, b.type, shown);
    return c.value({ kind: 'binary', type: 'i32', op: '/', left: a.e, right: b.e }, a.type);
  }
  for (const side of [a, b]) needs(c, node, shown, side, ['u32']);
  return apply(c, name, [a, b], 'u32');
}
