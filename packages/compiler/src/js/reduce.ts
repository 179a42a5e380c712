import { laneStart } from '../ir/lane-start.ts';
import type { Statement, ValueType } from '../ir/types.ts';
import { expressionCode } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { mathCode } from './math.ts';
import { countedLines } from './statement.ts';
import { atom, type Code, indent, infix, invoke, levels, toI32, toU32, wrapped } from './text.ts';

type Reduce = Extract<Statement, { kind: 'reduce' }>;

const arrays: Partial<Record<ValueType, string>> = {
  i32: 'Int32Array',
  u32: 'Uint32Array',
  f32: 'Float32Array',
  f64: 'Float64Array',
  i64: 'BigInt64Array',
  u64: 'BigUint64Array',
};

/** 64 lanes, each over every 64th index, and then a tree: the order in which a GPU adds them. */
export function reduceLines(text: FunctionText, s: Reduce, body: readonly string[]): string[] {
  const lanes = lanesOf(text, s.type);
  const start = { kind: 'const', type: s.type, value: laneStart(s.op, s.type) } as const;
  const lane = text.local(s.index);
  const own = atom(`${lanes}[${lane} & 63]`);
  const value = expressionCode(text, s.value);
  return [
    `${lanes}.fill(${expressionCode(text, start).text});`,
    ...countedLines(text, s.count, s.index, [
      ...body,
      `${own.text} = ${wrapped(combine(text, s, own, value), levels.assignment)};`,
    ]),
    'for (let half = 32; half > 0; half >>= 1) {',
    ...indent([
      `for (let q = 0; q < half; q++) {`,
      ...indent([
        `${lanes}[q] = ${combine(text, s, atom(`${lanes}[q]`), atom(`${lanes}[q + half]`)).text};`,
      ]),
      '}',
    ]),
    '}',
    `${text.declaration(s.id)} = ${lanes}[0];`,
  ];
}

function combine(text: FunctionText, { op, type }: Reduce, left: Code, right: Code): Code {
  if (op !== 'sum') return mathCode(text, op, type, [left, right]);
  return addCode(text, type, left, right);
}

/** Names an array of 64 values, shared by all sections over values of this type. */
export function lanesOf(text: FunctionText, type: ValueType): string {
  return text.program.lanes(type, arrays[type] ?? 'Float64Array');
}

export function addCode(text: FunctionText, type: ValueType, left: Code, right: Code): Code {
  const sum = infix(left, '+', right, levels.sum);
  switch (type) {
    case 'i32':
      return toI32(sum);
    case 'u32':
      return toU32(sum);
    case 'i64':
      return invoke('BigInt.asIntN', atom('64'), sum);
    case 'u64':
      return invoke('BigInt.asUintN', atom('64'), sum);
    case 'f32':
      return invoke(text.library('fround'), sum);
    default:
      return sum;
  }
}
