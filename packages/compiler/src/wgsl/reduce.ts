import { laneStart } from '../ir/lane-start.ts';
import type { Statement } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';
import { literal } from './literal.ts';
import { binaryText, mathText } from './operator.ts';

type Reduce = Extract<Statement, { kind: 'reduce' }>;

/** What a lane starts with, and how two are combined. */
export function reduceParts(
  text: FunctionText,
  { op, type }: Pick<Reduce, 'op' | 'type'>,
): { readonly start: string; readonly combine: (a: string, b: string) => string } {
  text.program.lanes.add(type);
  if (type === 'f32' && op !== 'sum') text.library('rk_opaque');
  return {
    start: literal(type, laneStart(op, type)),
    combine: (a, b) =>
      op === 'sum' ? binaryText(text, '+', type, a, b, type) : mathText(text, op, type, [a, b]),
  };
}

/** 64 lanes, each over every 64th index, and then a tree: the order of every target. */
export function reduceLines(
  text: FunctionText,
  s: Reduce,
  counted: (body: () => void) => void,
  value: () => string,
): void {
  const lanes = `rk_lanes_${s.type}`;
  const { start, combine } = reduceParts(text, s);
  text.line(`for (var q = 0u; q < 64u; q++) { ${lanes}[q] = ${start}; }`);
  counted(() => {
    const own = `${lanes}[u32(${text.local(s.index)}) & 63u]`;
    const next = text.keep(value());
    text.line(`${own} = ${combine(own, next)};`);
  });
  text.line('for (var half = 32u; half > 0u; half = half >> 1u) {');
  text.line(
    ...text.block(() => {
      text.line('for (var q = 0u; q < half; q++) {');
      text.line(
        ...text.block(() => {
          text.line(`${lanes}[q] = ${combine(`${lanes}[q]`, `${lanes}[q + half]`)};`);
        }),
        '}',
      );
    }),
    '}',
  );
  text.line(`${text.declaration(s.id)} = ${lanes}[0];`);
}
