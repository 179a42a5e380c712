import type { BinaryOperator, MathFunction, ValueType } from '../ir/types.ts';
import { type IntegerType, isInteger, wrap } from './convert.ts';
import type { Value } from './value.ts';

/** `&&` and `||` are not here: they do not always evaluate their right side. */
export function binary(
  op: BinaryOperator,
  type: ValueType,
  operandType: ValueType,
  left: Value,
  right: Value,
): Value {
  switch (op) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
  }
  if (isInteger(operandType)) {
    return wrap(operandType, integerBinary(op, operandType, BigInt(left), BigInt(right)));
  }
  const result = floatBinary(op, Number(left), Number(right));
  return type === 'f32' ? Math.fround(result) : result;
}

function integerBinary(op: BinaryOperator, type: IntegerType, a: bigint, b: bigint): bigint {
  const width = type === 'i32' || type === 'u32' ? 32 : 64;
  const count = BigInt.asUintN(width === 32 ? 5 : 6, b);
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? a : a / b;
    case '%':
      return b === 0n ? 0n : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << count;
    case '>>':
      return a >> count;
    default:
      throw new TypeError(`${op} is not an operator of ${type}`);
  }
}

function floatBinary(op: BinaryOperator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      throw new TypeError(`${op} is not an operator of floating point numbers`);
  }
}

export function unary(op: '-' | '!' | '~', type: ValueType, operand: Value): Value {
  if (op === '!') return !operand;
  if (isInteger(type)) return wrap(type, op === '-' ? -BigInt(operand) : ~BigInt(operand));
  return -Number(operand);
}

export function math(fn: MathFunction, type: ValueType, args: readonly Value[]): Value {
  const [a = 0, b = 0] = args;
  // Not Math.min and Math.max: these are defined by the comparison, for NaN and -0 too.
  // biome-ignore lint/complexity/useMathMinMax: see above.
  if (fn === 'min') return a < b ? a : b;
  // biome-ignore lint/complexity/useMathMinMax: see above.
  if (fn === 'max') return a < b ? b : a;
  if (isInteger(type)) return wrap(type, integerMath(fn, BigInt(a), BigInt(b)));
  const result = floatMath(fn, Number(a), Number(b));
  return type === 'f32' ? Math.fround(result) : result;
}

function integerMath(fn: MathFunction, a: bigint, b: bigint): bigint {
  switch (fn) {
    case 'abs':
      return a < 0n ? -a : a;
    case 'clz': {
      const bits = BigInt.asUintN(32, a);
      return bits === 0n ? 32n : BigInt(32 - bits.toString(2).length);
    }
    case 'mulhi':
      return (a * b) >> 32n;
    case 'rotl': {
      const bits = BigInt.asUintN(32, a);
      const count = BigInt.asUintN(5, b);
      return (bits << count) | (bits >> (32n - count));
    }
    default:
      throw new TypeError(`${fn} is not a function of whole numbers`);
  }
}

function floatMath(fn: MathFunction, a: number, b: number): number {
  switch (fn) {
    case 'exp2':
      return 2 ** a;
    case 'atan2':
      return Math.atan2(a, b);
    case 'pow':
      return a ** b;
    case 'min':
    case 'max':
    case 'clz':
    case 'mulhi':
    case 'rotl':
      throw new TypeError(`${fn} is not a function of floating point numbers`);
    default:
      return Math[fn](a);
  }
}
