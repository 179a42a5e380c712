import type { BinaryOperator, MathFunction, ValueType } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import { typeText, zero } from './literal.ts';

const isFloat = (type: ValueType): type is 'f32' | 'f64' => type === 'f32' || type === 'f64';
const isSigned = (type: ValueType): type is 'i32' | 'i64' => type === 'i32' || type === 'i64';
const isWide = (type: ValueType): boolean => type === 'i64' || type === 'u64';

const names: Partial<Record<BinaryOperator, 'add' | 'sub' | 'mul' | 'div' | 'rem'>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'rem',
};

/** Everything but `&&` and `||`. `type` is that of the left side, `countType` that of the right one. */
export function binaryText(
  text: FunctionText,
  op: BinaryOperator,
  type: ValueType,
  left: string,
  right: string,
  countType: ValueType,
): string {
  if (op === '<<' || op === '>>') {
    const word = countType === 'u32' ? right : `(rk_u32)${right}`;
    const count = `(${word} & ${isWide(type) ? 63 : 31}u)`;
    if (op === '<<' && isSigned(type)) {
      return `${text.library(`rk_shl_${type}`)}(${left}, ${count})`;
    }
    return `(${left} ${op} ${count})`;
  }
  const name = names[op];
  const plain = `(${left} ${op} ${right})`;
  if (name === undefined || type === 'bool') return plain;
  if (isFloat(type)) {
    // Sums need no care: what must not be fused with them are products.
    if (name !== 'mul' && name !== 'div') return plain;
    return `${text.library(`rk_${name}_${type}`)}(${left}, ${right})`;
  }
  if (isSigned(type)) return `${text.library(`rk_${name}_${type}`)}(${left}, ${right})`;
  if (name !== 'div' && name !== 'rem') return plain;
  return `${text.library(`rk_${name}_${type}`)}(${left}, ${right})`;
}

export function mathText(
  text: FunctionText,
  fn: MathFunction,
  type: ValueType,
  args: readonly string[],
): string {
  const list = args.join(', ');
  switch (fn) {
    case 'min':
    case 'max':
      return `${text.library(`rk_${fn}_${type}`)}(${list})`;
    case 'abs':
      if (type === 'u32' || type === 'u64') return list;
      if (isSigned(type)) return `${text.library(`rk_abs_${type}`)}(${list})`;
      return `RK_MATH(fabs${type === 'f32' ? 'f' : ''})(${list})`;
    case 'clz':
      return type === 'i32'
        ? `(rk_i32)${text.library('rk_clz')}((rk_u32)${list})`
        : `${text.library('rk_clz')}(${list})`;
    case 'mulhi':
      return `${text.library(type === 'i32' ? 'rk_mulhi_i32' : 'rk_mulhi_u32')}(${list})`;
    case 'rotl':
      return type === 'i32'
        ? `(rk_i32)${text.library('rk_rotl')}((rk_u32)${list})`
        : `${text.library('rk_rotl')}(${list})`;
    case 'sqrt':
      return `${text.library(type === 'f32' ? 'rk_sqrt_f32' : 'rk_sqrt_f64')}(${list})`;
    default:
      return `RK_MATH(${fn}${type === 'f32' ? 'f' : ''})(${list})`;
  }
}

export function unaryText(
  text: FunctionText,
  op: '-' | '!' | '~',
  type: ValueType,
  operand: string,
): string {
  if (op === '-' && isSigned(type)) return `${text.library(`rk_neg_${type}`)}(${operand})`;
  return `(${op}${operand})`;
}

export function convertText(
  text: FunctionText,
  from: ValueType,
  to: ValueType,
  operand: string,
): string {
  if (from === to) return operand;
  if (to === 'bool') return `(${operand} != ${zero(from)})`;
  if (isFloat(from) && !isFloat(to)) {
    return `${text.library(`rk_${to}_${from}`)}(${operand})`;
  }
  return `((${typeText(to)})${operand})`;
}
