import { binary, math, unary } from '../interpret/arithmetic.ts';
import { convert } from '../interpret/convert.ts';
import type { Value } from '../interpret/value.ts';
import { mapChildren, mapStatement } from '../ir/rewrite.ts';
import type { Expression, Statement, ValueType } from '../ir/types.ts';
import { mayFault } from '../ir/walk.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/** Results that are exact on every target; the others differ between devices and are left to them. */
const exact: ReadonlySet<string> = new Set([
  'abs',
  'min',
  'max',
  'clz',
  'mulhi',
  'rotl',
  'floor',
  'ceil',
  'trunc',
  'sqrt',
]);

/** Computes what is constant, as the devices would, and drops operations that do nothing. */
export function foldList(statements: readonly Statement[]): readonly Statement[] {
  return statements.map((s) => mapStatement(s, fold, foldList));
}

function fold(expression: Expression): Expression {
  const e = mapChildren(expression, fold);
  switch (e.kind) {
    case 'binary':
      return foldBinary(e);
    case 'unary':
      return isConst(e.operand) ? constant(e, unary(e.op, e.type, constantOf(e.operand))) : e;
    case 'convert':
      if (e.operand.type === e.type) return e.operand;
      if (!isConst(e.operand)) return e;
      return constant(e, convert(e.operand.type, e.type, constantOf(e.operand)));
    case 'math':
      if (!exact.has(e.fn) || !e.args.every(isConst)) return e;
      return constant(e, math(e.fn, e.type, e.args.map(constantOf)));
    case 'select':
      if (!isConst(e.condition)) return e;
      return e.condition.value ? e.whenTrue : e.whenFalse;
    default:
      return e;
  }
}

function isConst(e: Expression): e is Of<'const'> {
  return e.kind === 'const';
}

function constantOf(e: Expression): Value {
  const value = isConst(e) ? e.value : 0;
  return e.type === 'f32' ? Math.fround(Number(value)) : value;
}

/** NaN and infinity stay expressions: WGSL has no constants for them. */
function constant(original: Expression, value: Value): Expression {
  if (typeof value === 'number' && !Number.isFinite(value)) return original;
  return { kind: 'const', type: original.type, value };
}

function foldBinary(e: Of<'binary'>): Expression {
  const { op, type, left, right } = e;
  if (op === '&&' || op === '||') return foldLogical(e);
  if (isConst(left) && isConst(right)) {
    return constant(e, binary(op, type, left.type, constantOf(left), constantOf(right)));
  }
  if (isInteger(type)) return foldInteger(e);
  return e;
}

function isInteger(type: ValueType): boolean {
  return type === 'i32' || type === 'u32' || type === 'i64' || type === 'u64';
}

function foldLogical({ op, left, right, ...e }: Of<'binary'>): Expression {
  const unchanged: Expression = { ...e, op, left, right };
  const decides = op === '||';
  if (isConst(left)) return left.value === decides ? left : right;
  if (!isConst(right)) return unchanged;
  if (right.value !== decides) return left;
  return mayFault(left) ? unchanged : right;
}

/** `x + 0`, `x * 1`, `x / 0` and the like: the operation is gone, x is not. */
function foldInteger(e: Of<'binary'>): Expression {
  const { op, left, right } = e;
  const is = (side: Expression, value: number): boolean =>
    isConst(side) && BigInt(side.value) === BigInt(value);
  const zero: Expression = {
    kind: 'const',
    type: e.type,
    value: e.type === 'i64' || e.type === 'u64' ? 0n : 0,
  };
  const drop = (rest: Expression): Expression => (mayFault(rest) ? e : zero);
  switch (op) {
    case '+':
    case '|':
    case '^':
      if (is(right, 0)) return left;
      return is(left, 0) ? right : e;
    case '-':
    case '<<':
    case '>>':
      return is(right, 0) ? left : e;
    case '*':
      if (is(right, 1)) return left;
      if (is(left, 1)) return right;
      if (is(right, 0)) return drop(left);
      return is(left, 0) ? drop(right) : e;
    case '&':
      if (is(right, 0)) return drop(left);
      return is(left, 0) ? drop(right) : e;
    case '/':
      return is(right, 1) || is(right, 0) ? left : e;
    case '%':
      return is(right, 1) || is(right, 0) ? drop(left) : e;
    default:
      return e;
  }
}
