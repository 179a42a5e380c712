import { laneStart } from '../ir/lane-start.ts';
import type { Statement } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import { literal, typeText } from './literal.ts';
import { binaryText, mathText } from './operator.ts';

type Reduce = Extract<Statement, { kind: 'reduce' }>;
type Folding = Pick<Reduce, 'op' | 'type'>;

/** What a lane starts with. */
export function startText(text: FunctionText, { op, type }: Folding): string {
  if (op !== 'sum' && type === 'f32') text.library('rk_f32_bits');
  if (op !== 'sum' && type === 'f64') text.library('rk_f64_bits');
  return literal(type, laneStart(op, type));
}

export function combineText(
  text: FunctionText,
  { op, type }: Folding,
  a: string,
  b: string,
): string {
  return op === 'sum' ? binaryText(text, '+', type, a, b, type) : mathText(text, op, type, [a, b]);
}

/** 64 lanes, each over every 64th index, and then a tree: the order of every target. */
export function reduceLines(
  text: FunctionText,
  s: Reduce,
  counted: (body: () => void) => void,
  value: () => string,
): void {
  const lanes = text.temporary();
  const type = typeText(s.type);
  text.line(`${type} ${lanes}[64];`);
  text.line(`for (rk_u32 q = 0u; q < 64u; q++) ${lanes}[q] = ${startText(text, s)};`);
  counted(() => {
    const own = `${lanes}[(rk_u32)${text.local(s.index)} & 63u]`;
    const next = text.keep(type, value());
    text.line(`${own} = ${combineText(text, s, own, next)};`);
  });
  const tree = combineText(text, s, `${lanes}[q]`, `${lanes}[q + half]`);
  text.line('for (rk_u32 half = 32u; half > 0u; half >>= 1) {');
  text.line(`  for (rk_u32 q = 0u; q < half; q++) ${lanes}[q] = ${tree};`, '}');
  text.line(`${text.declaration(s.id)} = ${lanes}[0];`);
}
