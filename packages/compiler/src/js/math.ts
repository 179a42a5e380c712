import type { MathFunction, ValueType } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import type { LibraryName } from './library.ts';
import { atom, type Code, invoke, levels, toI32, wrapped } from './text.ts';

const minimum: Partial<Record<ValueType, LibraryName>> = {
  i32: 'minI32',
  u32: 'minU32',
  i64: 'minI64',
  u64: 'minU64',
};
const maximum: Partial<Record<ValueType, LibraryName>> = {
  i32: 'maxI32',
  u32: 'maxU32',
  i64: 'maxI64',
  u64: 'maxU64',
};

export function mathCode(
  text: FunctionText,
  fn: MathFunction,
  type: ValueType,
  args: readonly Code[],
): Code {
  const signed = type === 'i32';
  const [first = atom('0')] = args;
  switch (fn) {
    case 'min':
      return invoke(text.library(minimum[type] ?? 'minFloat'), ...args);
    case 'max':
      return invoke(text.library(maximum[type] ?? 'maxFloat'), ...args);
    case 'clz':
      return invoke('Math.clz32', first);
    case 'mulhi':
      return invoke(text.library(signed ? 'mulhiI32' : 'mulhiU32'), ...args);
    case 'rotl':
      return invoke(text.library(signed ? 'rotlI32' : 'rotlU32'), ...args);
    case 'abs':
      return absCode(text, type, first);
    case 'floor':
    case 'ceil':
    case 'trunc':
      return invoke(`Math.${fn}`, first);
    default: {
      const call =
        fn === 'exp2'
          ? { text: `2 ** ${wrapped(first, levels.atom)}`, level: levels.product }
          : invoke(`Math.${fn}`, ...args);
      return type === 'f32' ? invoke(text.library('fround'), call) : call;
    }
  }
}

function absCode(text: FunctionText, type: ValueType, operand: Code): Code {
  switch (type) {
    case 'u32':
    case 'u64':
      return operand;
    case 'i64':
      return invoke(text.library('absI64'), operand);
    case 'i32':
      return toI32(invoke('Math.abs', operand));
    default:
      return invoke('Math.abs', operand);
  }
}
