import type { ValueType } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import type { LibraryName } from './library.ts';
import { atom, type Code, infix, invoke, levels, toI32, toU32, wrapped } from './text.ts';

const isBig = (type: ValueType): boolean => type === 'i64' || type === 'u64';
const isFloat = (type: ValueType): boolean => type === 'f32' || type === 'f64';

const fromFloat: Partial<Record<ValueType, LibraryName>> = {
  i32: 'floatToI32',
  u32: 'floatToU32',
  i64: 'floatToI64',
  u64: 'floatToU64',
};

export function convertCode(
  text: FunctionText,
  from: ValueType,
  to: ValueType,
  operand: Code,
): Code {
  if (from === to) return operand;
  if (to === 'bool') {
    return infix(operand, '!==', atom(isBig(from) ? '0n' : '0'), levels.equality);
  }
  if (from === 'bool') {
    const [one, none] = isBig(to) ? ['1n', '0n'] : ['1', '0'];
    const choice = `${wrapped(operand, levels.or)} ? ${one} : ${none}`;
    return { text: choice, level: levels.conditional };
  }
  const saturating = fromFloat[to];
  if (isFloat(from) && saturating !== undefined) return invoke(text.library(saturating), operand);
  switch (to) {
    case 'f32':
      return invoke(text.library(isBig(from) ? 'bigToF32' : 'fround'), operand);
    case 'f64':
      return isBig(from) ? invoke('Number', operand) : operand;
    case 'i32':
      if (!isBig(from)) return toI32(operand);
      return invoke('Number', invoke('BigInt.asIntN', atom('32'), operand));
    case 'u32':
      if (!isBig(from)) return toU32(operand);
      return invoke('Number', invoke('BigInt.asUintN', atom('32'), operand));
    case 'i64':
      if (!isBig(from)) return invoke('BigInt', operand);
      return invoke('BigInt.asIntN', atom('64'), operand);
    case 'u64':
      if (from === 'u32') return invoke('BigInt', operand);
      return invoke(
        'BigInt.asUintN',
        atom('64'),
        isBig(from) ? operand : invoke('BigInt', operand),
      );
  }
}
