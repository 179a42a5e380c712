import {
  bool,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type ScalarName,
  type ScalarType,
  u8,
  u16,
  u32,
  u64,
} from '@ringkernel/core';
import type { AnyNode } from 'acorn';
import type { ValueType } from '../ir/types.ts';
import { fractions, integers, isAmong, prune, type Type, typeName } from '../types/index.ts';
import type { FunctionContext } from './function-context.ts';
import { roundToHalf } from './half.ts';
import { type Value, widened } from './value.ts';

/** The schema words, which are the conversions. */
export type Word = ScalarName;

const conversions: { readonly [W in Word]: ScalarType<W> } = {
  bool,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
};

export function isWord(name: string): name is Word {
  return Object.hasOwn(conversions, name);
}

/** How many bits a narrow word has, and whether it is signed. */
const narrow: Partial<Record<Word, { readonly bits: number; readonly signed: boolean }>> = {
  u8: { bits: 8, signed: false },
  u16: { bits: 16, signed: false },
  i8: { bits: 8, signed: true },
  i16: { bits: 16, signed: true },
};

/** `u32(x)` and its kin. */
export function lowerConversion(
  c: FunctionContext,
  word: Word,
  value: Value,
  node: AnyNode,
): Value {
  const { e } = value;
  const free = typeof prune(value.type) !== 'string';
  if (e.kind === 'const' && free) {
    c.dropLiteral(value);
    const type = widened(word);
    return c.constant(conversions[word](e.value), type, node);
  }
  if (word === 'f16') return roundToHalf(c, convert(c, value, 'f32', node));
  if (narrow[word] === undefined) return convert(c, value, word as ValueType, node);
  return toNarrow(c, word, value, node);
}

function wide(word: Word): 'i32' | 'u32' {
  return narrow[word]?.signed ? 'i32' : 'u32';
}

/** Integers keep their low bits; fractions truncate and saturate. */
function toNarrow(c: FunctionContext, word: Word, value: Value, node: AnyNode): Value {
  const { bits, signed } = narrow[word] as { bits: number; signed: boolean };
  const type = wide(word);
  const constant = (n: number, t: Type = type): Value => c.constant(n, t, node);
  const math = (fn: 'min' | 'max', a: Value, b: Value): Value =>
    c.value({ kind: 'math', type, fn, args: [a.e, b.e] }, type);
  const binary = (op: '&' | '<<' | '>>', a: Value, b: Value): Value =>
    c.value({ kind: 'binary', type, op, left: a.e, right: b.e }, type);
  if (isAmong(value.type, fractions)) {
    const whole = convert(c, value, type, node);
    const top = constant(2 ** (signed ? bits - 1 : bits) - 1);
    const limited = math('min', whole, top);
    return signed ? math('max', limited, constant(-(2 ** (bits - 1)))) : limited;
  }
  if (!isAmong(value.type, [...integers, 'bool'])) {
    const message = `${word}(x) needs to know the type of x, this is ${typeName(value.type)}`;
    c.fail(node, 'RK2001', message, `convert it first: ${word}(i32(x))`);
  }
  const whole = convert(c, value, type, node);
  if (!signed) return binary('&', whole, constant(2 ** bits - 1));
  const shifted = binary('<<', whole, constant(32 - bits, 'u32'));
  return binary('>>', shifted, constant(32 - bits, 'u32'));
}

/** To another type; nothing when it has that type. */
export function convert(c: FunctionContext, value: Value, to: ValueType, node: AnyNode): Value {
  const { e } = value;
  if (prune(value.type) === to) return value;
  if (e.kind === 'const' && typeof prune(value.type) !== 'string') {
    c.dropLiteral(value);
    return c.constant(conversions[to](e.value), to, node);
  }
  return c.value({ kind: 'convert', type: to, operand: e }, to);
}
