import type { BinaryExpression, Expression as EsExpression } from 'acorn';
import type { BinaryOperator } from '../ir/types.ts';
import {
  conversionHint,
  is64,
  isInteger,
  isUnsigned,
  prune,
  requireInteger,
  type Type,
  typeName,
  unify,
  variable,
} from '../types/inference.ts';
import { lowerExpression, lowerOperands } from './expression.ts';
import { bare, type FunctionContext, type Value } from './function-context.ts';

const comparisons: Record<string, BinaryOperator> = { '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const equalities: Record<string, BinaryOperator> = {
  '==': '==',
  '===': '==',
  '!=': '!=',
  '!==': '!=',
};

export function lowerBinary(c: FunctionContext, node: BinaryExpression): Value {
  const { operator, right } = node;
  if (node.left.type === 'PrivateIdentifier')
    return c.fail(node, 'RK3002', 'private names are not in the language');
  const left = node.left;
  const cut =
    (operator === '|' || operator === '>>>') && right.type === 'Literal' && right.value === 0;
  if (cut) {
    const whole =
      wholeDivision(c, node, bare(left), operator) ?? truncation(c, bare(left), operator);
    if (whole !== null) return whole;
  }
  const [a, b] = lowerOperands(c, [left, right]) as [Value, Value];
  return combine(c, node, operator, a, b);
}

/** Applies an operator to lowered operands; compound assignments come here, too. */
export function combine(
  c: FunctionContext,
  node: BinaryExpression | EsExpression,
  operator: string,
  a: Value,
  b: Value,
): Value {
  const equality = equalities[operator];
  if (equality !== undefined) {
    c.unify(node, a.t, b.t, `'${operator}'`);
    return c.value({ kind: 'binary', type: 'bool', op: equality, left: a.e, right: b.e }, 'bool');
  }
  const comparison = comparisons[operator];
  if (comparison !== undefined) {
    c.unify(node, a.t, b.t, `'${operator}'`);
    if (prune(a.t) === 'bool') c.fail(node, 'RK2003', `'${operator}' needs numbers, not bool`);
    return c.value({ kind: 'binary', type: 'bool', op: comparison, left: a.e, right: b.e }, 'bool');
  }
  if (operator === '<<' || operator === '>>' || operator === '>>>')
    return shift(c, node, operator, a, b);
  if (['+', '-', '*', '/', '%', '&', '|', '^'].includes(operator)) {
    return arithmetic(c, node, operator as BinaryOperator, a, b);
  }
  const hint = operator === '**' ? 'Math.pow, or multiply' : null;
  return c.fail(node, 'RK3002', `'${operator}' is not in the language`, hint);
}

/** `(a / b) | 0` and `(a / b) >>> 0` are the whole divisions of i32 and u32. */
function wholeDivision(
  c: FunctionContext,
  node: BinaryExpression,
  inner: EsExpression,
  operator: '|' | '>>>',
): Value | null {
  if (inner.type !== 'BinaryExpression' || inner.operator !== '/') return null;
  if (inner.left.type === 'PrivateIdentifier') return null;
  const [a, b] = lowerOperands(c, [inner.left, inner.right]) as [Value, Value];
  c.unify(node, a.t, b.t, "'/'");
  const wanted = operator === '|' ? 'i32' : 'u32';
  if (unify(a.t, wanted)) {
    return c.value({ kind: 'binary', type: wanted, op: '/', left: a.e, right: b.e }, wanted);
  }
  if (isInteger(a.t)) {
    const message = `'(a / b) ${operator} 0' divides ${wanted}, these are ${typeName(a.t)}`;
    c.fail(
      node,
      'RK2009',
      message,
      is64(a.t) ? 'a / b' : operator === '|' ? '(a / b) >>> 0' : '(a / b) | 0',
    );
  }
  const quotient = c.value({ kind: 'binary', type: 'f32', op: '/', left: a.e, right: b.e }, a.t);
  return c.value({ kind: 'convert', type: wanted, operand: quotient.e }, wanted);
}

/** `x | 0` and `x >>> 0` convert. */
function truncation(c: FunctionContext, inner: EsExpression, operator: '|' | '>>>'): Value | null {
  const value = lowerExpression(c, inner);
  const wanted = operator === '|' ? 'i32' : 'u32';
  const at = prune(value.t);
  if (at === wanted) return value;
  if (typeof at !== 'string' && at.among !== 'fraction' && at.among !== 'big') {
    // An undecided number: this decides it, unless it is a constant of the other sign.
    if (operator === '>>>') unify(at, 'u32');
    return value;
  }
  if (at === 'bool') return null;
  return c.value({ kind: 'convert', type: wanted, operand: value.e }, wanted);
}

function shift(
  c: FunctionContext,
  node: EsExpression,
  operator: '<<' | '>>' | '>>>',
  a: Value,
  b: Value,
): Value {
  if (!requireInteger(a.t) || !requireInteger(b.t)) {
    c.fail(
      node,
      'RK2003',
      `'${operator}' needs integers, not ${typeName(a.t)} and ${typeName(b.t)}`,
    );
  }
  c.later(() => {
    const type = prune(a.t);
    if (is64(a.t) !== is64(b.t)) {
      c.fail(
        node,
        'RK2001',
        `'${operator}': ${typeName(a.t)} and ${typeName(b.t)} do not mix`,
        conversionHint(a.t, b.t),
      );
    }
    if (operator === '>>' && type === 'u32') {
      c.fail(node, 'RK2011', "'>>' on u32 keeps the sign bit in JavaScript", 'use >>>');
    }
    if (operator === '>>>' && type === 'i32') {
      c.fail(
        node,
        'RK2011',
        "'>>>' on i32 changes the sign in JavaScript",
        'use >>, or u32(x) >>> n',
      );
    }
    if (operator === '>>>' && is64(a.t))
      c.fail(node, 'RK2011', "'>>>' does not exist on bigint", 'use >>');
  });
  const op = operator === '<<' ? '<<' : '>>';
  return c.value({ kind: 'binary', type: 'i32', op, left: a.e, right: b.e }, a.t);
}

/** What two literals make is a literal; so 1 / 3 is a third, as in JavaScript. */
function ofLiterals(
  c: FunctionContext,
  node: EsExpression,
  op: BinaryOperator,
  a: Value,
  b: Value,
): Value | null {
  const free = typeof prune(a.t) !== 'string' && typeof prune(b.t) !== 'string';
  if (!free || a.e.kind !== 'const' || b.e.kind !== 'const') return null;
  const [x, y] = [a.e.value, b.e.value];
  if (typeof x !== 'number' || typeof y !== 'number') return null;
  const results: Partial<Record<BinaryOperator, number>> = {
    '+': x + y,
    '-': x - y,
    '*': x * y,
    '/': x / y,
  };
  const result = results[op];
  if (result === undefined || !Number.isFinite(result)) return null;
  return c.constant(result, variable(Number.isInteger(result) ? 'number' : 'fraction'), node);
}

function arithmetic(
  c: FunctionContext,
  node: EsExpression,
  op: BinaryOperator,
  a: Value,
  b: Value,
): Value {
  if (prune(a.t) === 'bool' || prune(b.t) === 'bool')
    c.fail(node, 'RK2003', `'${op}' needs numbers, not bool`);
  const folded = ofLiterals(c, node, op, a, b);
  if (folded !== null) return folded;
  c.unify(node, a.t, b.t, `'${op}'`);
  if ((op === '&' || op === '|' || op === '^') && !requireInteger(a.t)) {
    c.fail(node, 'RK2003', `'${op}' needs integers, not ${typeName(a.t)}`);
  }
  if (op === '/') c.later(() => refuseMixedDivision(c, node, a.t));
  if (op === '%') {
    c.later(() => {
      if (isInteger(a.t)) return;
      const message = `'%' on ${typeName(a.t)} is not portable (WGSL defines it by a division)`;
      c.fail(node, 'RK2012', message, 'x - y * Math.floor(x / y)');
    });
  }
  return c.value({ kind: 'binary', type: 'i32', op, left: a.e, right: b.e }, a.t);
}

function refuseMixedDivision(c: FunctionContext, node: EsExpression, t: Type): void {
  if (!isInteger(t) || is64(t)) return;
  const whole = isUnsigned(t) ? '(a / b) >>> 0' : '(a / b) | 0';
  const message = `'/' on two ${typeName(t)} values is a fraction in JavaScript and a whole number on a GPU`;
  c.fail(
    node,
    'RK2004',
    message,
    `write ${whole} for whole division, f32(a) / f32(b) for a fraction`,
  );
}
