import type { Statement, ValueType } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import { literal, typeText, zero } from './literal.ts';
import { binaryText, mathText } from './operator.ts';

type Reduce = Extract<Statement, { kind: 'reduce' }>;
type Folding = Pick<Reduce, 'op' | 'type'>;

const ends: Partial<
  Record<ValueType, { readonly min: number | bigint; readonly max: number | bigint }>
> = {
  i32: { min: 2147483647, max: -2147483648 },
  u32: { min: 4294967295, max: 0 },
  i64: { min: 2n ** 63n - 1n, max: -(2n ** 63n) },
  u64: { min: 2n ** 64n - 1n, max: 0n },
  f32: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  f64: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
};

/** What a lane starts with. */
export function startText(text: FunctionText, { op, type }: Folding): string {
  const end = ends[type];
  if (op === 'sum' || end === undefined) return zero(type);
  if (type === 'f32') text.library('rk_f32_bits');
  if (type === 'f64') text.library('rk_f64_bits');
  return literal(type, end[op]);
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
