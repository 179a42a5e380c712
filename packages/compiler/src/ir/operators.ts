import type { BinaryOperator, MathFunction, Storage, ValueType } from './types.ts';

/** The type a handler sees for what is stored as `storage`. */
export function valueTypeOf(storage: Storage): ValueType {
  if (storage === 'u8' || storage === 'u16') return 'u32';
  if (storage === 'i8' || storage === 'i16') return 'i32';
  return storage;
}

export const isWord = (type: ValueType): boolean => type === 'i32' || type === 'u32';
export const isWide = (type: ValueType): boolean => type === 'i64' || type === 'u64';
const isFloat = (type: ValueType): boolean => type === 'f32' || type === 'f64';

/** Why an operator can't be used with these types; null when it can. */
export function binaryProblem(
  op: BinaryOperator,
  type: ValueType,
  left: ValueType,
  right: ValueType,
): string | null {
  const types = `${left} ${op} ${right} gives ${type}`;
  switch (op) {
    case '&&':
    case '||':
      return type === 'bool' && left === 'bool' && right === 'bool' ? null : types;
    case '==':
    case '!=':
      return type === 'bool' && left === right ? null : types;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return type === 'bool' && left === right && left !== 'bool' ? null : types;
    case '<<':
    case '>>':
      if (type !== left || !(isWord(type) || isWide(type))) return types;
      return isWord(right) || right === type ? null : types;
    case '+':
    case '-':
    case '*':
    case '/':
      return type === left && left === right && type !== 'bool' ? null : types;
    default:
      return type === left && left === right && (isWord(type) || isWide(type)) ? null : types;
  }
}

const wordFunctions: ReadonlySet<MathFunction> = new Set(['clz', 'mulhi', 'rotl']);
const anyFunctions: ReadonlySet<MathFunction> = new Set(['abs', 'min', 'max']);
const pairs: ReadonlySet<MathFunction> = new Set(['min', 'max', 'mulhi', 'rotl', 'atan2', 'pow']);

/** Why a function can't be called like this; null when it can. */
export function mathProblem(
  fn: MathFunction,
  type: ValueType,
  args: readonly ValueType[],
): string | null {
  const found = `${fn}(${args.join(', ')}) gives ${type}`;
  if (args.length !== (pairs.has(fn) ? 2 : 1) || args[0] !== type || type === 'bool') return found;
  const second = fn === 'rotl' ? 'u32' : type;
  if (args.length === 2 && args[1] !== second) return found;
  if (anyFunctions.has(fn)) return null;
  return (wordFunctions.has(fn) ? isWord(type) : isFloat(type)) ? null : found;
}
