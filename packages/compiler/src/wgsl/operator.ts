import type { BinaryOperator, MathFunction, ValueType } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';

const isWide = (type: ValueType): boolean => type === 'i64' || type === 'u64';

/** Everything but `&&` and `||`. `countType` is the type of the right side, which differs for shifts. */
export function binaryText(
  text: FunctionText,
  op: BinaryOperator,
  type: ValueType,
  left: string,
  right: string,
  countType: ValueType,
): string {
  if (op === '<<' || op === '>>') {
    const word = isWide(countType) ? `(${right}).x` : countType === 'i32' ? `u32(${right})` : right;
    if (!isWide(type)) return `(${left} ${op} (${word} & 31u))`;
    const name = op === '<<' ? 'rk_shl_64' : `rk_shr_${type}`;
    return `${text.library(name)}(${left}, ${word})`;
  }
  if (isWide(type)) return wideText(text, op, type, left, right);
  if ((op === '/' || op === '%') && type !== 'f32') {
    return `${text.library(`rk_${op === '/' ? 'div' : 'rem'}_${type}`)}(${left}, ${right})`;
  }
  return `(${left} ${op} ${right})`;
}

function wideText(
  text: FunctionText,
  op: BinaryOperator,
  type: ValueType,
  left: string,
  right: string,
): string {
  const less = (a: string, b: string): string => `${text.library(`rk_less_${type}`)}(${a}, ${b})`;
  const names: Partial<Record<BinaryOperator, string>> = {
    '+': 'rk_add_64',
    '-': 'rk_sub_64',
    '*': 'rk_mul_64',
    '/': `rk_div_${type}`,
    '%': `rk_rem_${type}`,
  };
  switch (op) {
    case '==':
      return `all(${left} == ${right})`;
    case '!=':
      return `any(${left} != ${right})`;
    case '<':
      return less(left, right);
    case '>':
      return less(right, left);
    case '<=':
      return `(!${less(right, left)})`;
    case '>=':
      return `(!${less(left, right)})`;
    default: {
      const name = names[op];
      return name === undefined
        ? `(${left} ${op} ${right})`
        : `${text.library(name)}(${left}, ${right})`;
    }
  }
}

/** `min` is `a < b ? a : b`, `max` is `a < b ? b : a`: also for floats and pairs of words. */
export function mathText(
  text: FunctionText,
  fn: MathFunction,
  type: ValueType,
  args: readonly string[],
): string {
  const [a = '', b = ''] = args;
  switch (fn) {
    case 'min':
    case 'max': {
      if (!isWide(type) && type !== 'f32') return `${fn}(${a}, ${b})`;
      const [x, y] = [text.keep(a), text.keep(b)];
      const less = binaryText(text, '<', type, x, y, type);
      return fn === 'min' ? `select(${y}, ${x}, ${less})` : `select(${x}, ${y}, ${less})`;
    }
    case 'abs':
      if (type === 'u32' || type === 'u64') return a;
      return type === 'i64' ? `${text.library('rk_abs_i64')}(${a})` : `abs(${a})`;
    case 'clz':
      return `countLeadingZeros(${a})`;
    case 'mulhi':
      return `${text.library(`rk_mulhi_${type}`)}(${a}, ${b})`;
    case 'rotl': {
      const rotl = text.library('rk_rotl_u32');
      return type === 'i32'
        ? `bitcast<i32>(${rotl}(bitcast<u32>(${a}), ${b}))`
        : `${rotl}(${a}, ${b})`;
    }
    default:
      return `${fn}(${args.join(', ')})`;
  }
}

export function unaryText(
  text: FunctionText,
  op: '-' | '!' | '~',
  type: ValueType,
  operand: string,
): string {
  if (op !== '-') return `(${op}${operand})`;
  if (isWide(type)) return `${text.library('rk_neg_64')}(${operand})`;
  return type === 'u32' ? `(0u - ${operand})` : `(-${operand})`;
}

export function convertText(
  text: FunctionText,
  from: ValueType,
  to: ValueType,
  operand: string,
): string {
  if (from === to) return operand;
  if (to === 'bool') {
    return isWide(from) ? `any(${operand} != vec2<u32>(0u, 0u))` : `(${operand} != ${from}(0))`;
  }
  if (isWide(to)) {
    if (isWide(from)) return operand;
    if (from === 'f32') return `${text.library(`rk_${to}_f32`)}(${operand})`;
    if (from === 'i32') return `${text.library('rk_widen_i32')}(${operand})`;
    return `vec2<u32>(u32(${operand}), 0u)`;
  }
  if (isWide(from)) {
    if (to === 'f32') return `${text.library(`rk_f32_${from}`)}(${operand})`;
    return to === 'i32' ? `bitcast<i32>((${operand}).x)` : `(${operand}).x`;
  }
  if (from === 'f32') return `${text.library(`rk_${to}_f32`)}(${operand})`;
  if (from === 'bool' || to === 'f32') return `${to}(${operand})`;
  return `bitcast<${to}>(${operand})`;
}
