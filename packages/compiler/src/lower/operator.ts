import type { AnyNode, Expression as EsExpression } from 'acorn';
import type { BinaryOperator, ValueType } from '../ir/types.ts';
import {
  anyNumber,
  bigints,
  fractions,
  integers,
  isAmong,
  prune,
  restrict,
  type Type,
  typeName,
  unify,
  words,
} from '../types/index.ts';
import { convert } from './conversion.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { literal } from './outside.ts';
import type { Value } from './value.ts';

type Unary = AnyNode & { type: 'UnaryExpression' };
type Binary = AnyNode & { type: 'BinaryExpression' };

const numbers = [...anyNumber, ...bigints];

export function lowerUnary(c: FunctionContext, node: Unary): Value {
  const { operator, argument } = node;
  switch (operator) {
    case '!':
      return lowerNot(c, node);
    case '-':
      return lowerMinus(c, node);
    case '~':
      return lowerComplement(c, node);
    case 'void':
      return c.fail(node, 'RK3002', 'void has no value');
    case '+':
      return c.fail(
        node,
        'RK3002',
        'unary + converts text to a number in JavaScript',
        `leave it out, or convert: f32(${c.textOf(argument)})`,
      );
    default:
      return c.fail(node, 'RK3002', `'${operator}' is not in the language`);
  }
}

function lowerNot(c: FunctionContext, node: Unary): Value {
  const { argument } = node;
  // Minifiers write true and false as !0 and !1.
  if (argument.type === 'Literal' && typeof argument.value === 'number') {
    return c.constant(argument.value === 0, 'bool', node);
  }
  const operand = lowerExpression(c, argument);
  if (!unify(operand.type, 'bool')) {
    const message = `'!' needs a bool, this is ${typeName(operand.type)}`;
    c.fail(node, 'RK2002', message, 'compare it: x === 0');
  }
  return c.value({ kind: 'unary', type: 'bool', op: '!', operand: operand.e }, 'bool');
}

function lowerMinus(c: FunctionContext, node: Unary): Value {
  const operand = lowerExpression(c, node.argument);
  const { e, type } = operand;
  if (e.kind === 'const' && typeof e.value !== 'boolean' && typeof prune(type) !== 'string') {
    c.dropLiteral(operand);
    return c.constant(-e.value, type, node);
  }
  needs(c, node, "'-'", operand, numbers, 'a number');
  c.actor.later(() => {
    if (!isAmong(type, ['u32', 'u64'])) return;
    const signed = prune(type) === 'u32' ? 'i32' : 'i64';
    c.fail(node, 'RK2005', `'-' on ${typeName(type)}`, `convert first: -${signed}(x)`);
  });
  return c.value({ kind: 'unary', type: 'i32', op: '-', operand: e }, type);
}

function lowerComplement(c: FunctionContext, node: Unary): Value {
  const { argument } = node;
  if (argument.type === 'UnaryExpression' && argument.operator === '~') {
    // ~~x is an old way to drop a fraction.
    const inner = lowerExpression(c, argument.argument);
    if (isAmong(inner.type, fractions)) return convert(c, inner, 'i32', node);
    needs(c, node, "'~'", inner, integers, 'an integer');
    return inner;
  }
  const operand = lowerExpression(c, argument);
  needs(c, node, "'~'", operand, integers, 'an integer');
  c.useBits(operand);
  return c.value({ kind: 'unary', type: 'i32', op: '~', operand: operand.e }, operand.type);
}

function needs(
  c: FunctionContext,
  node: AnyNode,
  operator: string,
  { type }: Value,
  types: readonly ValueType[],
  what: string,
): void {
  if (restrict(type, types)) return;
  const hint = isAmong(type, fractions) ? 'convert it: i32(x), u32(x)' : null;
  c.fail(node, 'RK2003', `${operator} needs ${what}, this is ${typeName(type)}`, hint);
}

export function lowerBinary(c: FunctionContext, node: Binary): Value {
  const { operator, right } = node;
  const left = node.left as EsExpression;
  if (!isOperator(operator)) return unknownOperator(c, node, operator);
  const toZero = right.type === 'Literal' && right.value === 0;
  if (toZero && (operator === '|' || operator === '>>>')) {
    return left.type === 'BinaryExpression' && left.operator === '/'
      ? wholeDivision(c, left, operator === '|' ? 'i32' : 'u32', node)
      : toWord(c, left, operator === '|' ? 'i32' : 'u32', node);
  }
  const steps = [left, right].map((side) => () => lowerExpression(c, side));
  const [a, b] = c.inOrder(steps) as [Value, Value];
  return combine(c, node, operator, a, b);
}

/** `(a / b) | 0` and `(a / b) >>> 0` are whole division of i32 and u32. */
function wholeDivision(
  c: FunctionContext,
  division: Binary,
  result: 'i32' | 'u32',
  node: AnyNode,
): Value {
  const sides = [division.left as EsExpression, division.right];
  const [a, b] = c.inOrder(sides.map((side) => () => lowerExpression(c, side))) as [Value, Value];
  c.unify(node, a.type, b.type, "'/'");
  const quotient = { kind: 'binary', type: 'i32', op: '/', left: a.e, right: b.e } as const;
  if (isAmong(a.type, fractions)) return convert(c, c.value(quotient, a.type), result, node);
  if (restrict(a.type, [result])) return c.value(quotient, a.type);
  const [other, hint] = result === 'i32' ? ['u32', '(a / b) >>> 0'] : ['i32', '(a / b) | 0'];
  if (prune(a.type) === other) {
    const shown = result === 'i32' ? '(a / b) | 0' : '(a / b) >>> 0';
    c.fail(node, 'RK2009', `${shown} divides ${result}, these are ${other}`, hint);
  }
  const message = `whole division this way is for 32 bits, these are ${typeName(a.type)}`;
  return c.fail(node, 'RK2009', message, 'u64 and i64 divide with a / b');
}

/** `x | 0` and `x >>> 0`. */
function toWord(c: FunctionContext, side: EsExpression, to: 'i32' | 'u32', node: AnyNode): Value {
  const value = lowerExpression(c, side);
  if (isAmong(value.type, [...bigints, 'bool'])) {
    const shown = to === 'i32' ? '| 0' : '>>> 0';
    const message = `'${shown}' needs a number, this is ${typeName(value.type)}`;
    c.fail(node, 'RK2003', message, `convert it: ${to}(x)`);
  }
  const free = value.e.kind !== 'const' && typeof prune(value.type) !== 'string';
  return free && restrict(value.type, [to]) ? value : convert(c, value, to, node);
}

const comparisons: Readonly<Record<string, BinaryOperator>> = {
  '===': '==',
  '==': '==',
  '!==': '!=',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function isOperator(operator: string): boolean {
  return operator in comparisons || /^([-+*/%&|^]|\*\*|<<|>>>?)$/.test(operator);
}

function unknownOperator(c: FunctionContext, node: AnyNode, operator: string): never {
  return c.fail(node, 'RK3002', `'${operator}' is not in the language`);
}

/** An operator on two values that are there already. `whole`: types whose quotient is wanted whole. */
export function combine(
  c: FunctionContext,
  node: AnyNode,
  operator: string,
  left: Value,
  right: Value,
  whole: readonly ValueType[] = [],
): Value {
  const comparison = comparisons[operator];
  if (comparison !== undefined) return compare(c, node, operator, comparison, left, right);
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(c, node, operator, left, right, whole);
    case '**':
      return power(c, node, left, right);
    case '&':
    case '|':
    case '^':
      return bitwise(c, node, operator, left, right);
    case '<<':
    case '>>':
    case '>>>':
      return shift(c, node, operator, left, right);
    default:
      return unknownOperator(c, node, operator);
  }
}

function compare(
  c: FunctionContext,
  node: AnyNode,
  shown: string,
  op: BinaryOperator,
  left: Value,
  right: Value,
): Value {
  c.unify(node, left.type, right.type, `'${shown}'`);
  if (op !== '==' && op !== '!=') needs(c, node, `'${shown}'`, left, numbers, 'numbers');
  return c.value({ kind: 'binary', type: 'bool', op, left: left.e, right: right.e }, 'bool');
}

function arithmetic(
  c: FunctionContext,
  node: AnyNode,
  op: '+' | '-' | '*' | '/' | '%',
  left: Value,
  right: Value,
  whole: readonly ValueType[],
): Value {
  for (const side of [left, right]) needs(c, node, `'${op}'`, side, numbers, 'numbers');
  c.unify(node, left.type, right.type, `'${op}'`);
  const { type } = left;
  if (op === '/' && !isAmong(type, whole)) c.actor.later(() => checkDivision(c, node, type));
  if (op === '%') {
    c.actor.later(() => {
      if (!isAmong(type, fractions)) return;
      const message = `'%' on ${typeName(type)} is not portable: WGSL defines it by a division`;
      c.fail(node, 'RK2012', message, 'x - y * Math.floor(x / y)');
    });
  }
  return c.value({ kind: 'binary', type: 'i32', op, left: left.e, right: right.e }, type);
}

/** `Math.pow` of fractions; of two literals, the literal it comes to. */
function power(c: FunctionContext, node: AnyNode, left: Value, right: Value): Value {
  const [a, b] = [left, right].map(({ e }) => (e.kind === 'const' ? e.value : null));
  if (typeof a === 'number' && typeof b === 'number') return folded(c, node, left, right, a ** b);
  if (typeof a === 'bigint' && typeof b === 'bigint' && b >= 0n && b < 64n) {
    return folded(c, node, left, right, a ** b);
  }
  if (!restrict(left.type, fractions)) {
    const message = `'**' needs f32 or f64, this is ${typeName(left.type)}`;
    c.fail(node, 'RK2003', message, 'multiply, or convert: f32(x) ** 2');
  }
  c.unify(node, left.type, right.type, "'**'");
  return c.value({ kind: 'math', type: 'i32', fn: 'pow', args: [left.e, right.e] }, left.type);
}

function folded(
  c: FunctionContext,
  node: AnyNode,
  left: Value,
  right: Value,
  value: number | bigint,
): Value {
  for (const side of [left, right]) c.dropLiteral(side);
  return literal(c, value, node);
}

function checkDivision(c: FunctionContext, node: AnyNode, type: Type): void {
  if (!isAmong(type, words)) return;
  const name = typeName(type);
  const whole = name === 'u32' ? '(a / b) >>> 0' : '(a / b) | 0';
  c.fail(
    node,
    'RK2004',
    `'/' on two ${name} values is a fraction in JavaScript and a whole number on a GPU`,
    `write ${whole} for whole division, f32(a) / f32(b) for a fraction`,
  );
}

function bitwise(
  c: FunctionContext,
  node: AnyNode,
  op: '&' | '|' | '^',
  left: Value,
  right: Value,
): Value {
  for (const side of [left, right]) {
    needs(c, node, `'${op}'`, side, integers, 'integers');
    c.useBits(side);
  }
  c.unify(node, left.type, right.type, `'${op}'`);
  return c.value({ kind: 'binary', type: 'i32', op, left: left.e, right: right.e }, left.type);
}

function shift(
  c: FunctionContext,
  node: AnyNode,
  operator: '<<' | '>>' | '>>>',
  left: Value,
  right: Value,
): Value {
  needs(c, node, `'${operator}'`, left, integers, 'integers');
  needs(c, node, `'${operator}'`, right, integers, 'integers');
  c.useBits(left);
  const { type } = left;
  c.actor.later(() => {
    const name = typeName(type);
    if (operator === '>>' && name === 'u32') {
      const message = "'>>' on u32 keeps the sign bit in JavaScript";
      c.fail(node, 'RK2011', message, 'use >>>');
    }
    if (operator === '>>>' && name === 'i32') {
      const message = "'>>>' on i32 changes the sign in JavaScript";
      c.fail(node, 'RK2011', message, 'use >>, or u32(x) >>> n');
    }
    if (operator === '>>>' && isAmong(type, bigints)) {
      c.fail(node, 'RK2011', "'>>>' is not defined for bigints in JavaScript", 'use >>');
    }
  });
  const count = shiftCount(c, right, type, node);
  const op = operator === '<<' ? '<<' : '>>';
  return c.value({ kind: 'binary', type: 'i32', op, left: left.e, right: count.e }, type);
}

/** The count is a u32, or has the type of a 64-bit operand. */
function shiftCount(c: FunctionContext, count: Value, of: Type, node: AnyNode): Value {
  if (isAmong(of, bigints)) {
    c.unify(node, count.type, of, 'the count of a shift');
    return count;
  }
  if (typeof prune(count.type) !== 'string') unify(count.type, 'u32');
  return isAmong(count.type, ['u32']) ? count : convert(c, count, 'u32', node);
}

/** 1 or 1n, for `++` and `--`. */
export function one(c: FunctionContext, node: AnyNode, type: Type): Value {
  return literal(c, isAmong(type, bigints) ? 1n : 1, node);
}
