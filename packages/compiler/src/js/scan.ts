import type { Statement } from '../ir/types.ts';
import { expressionCode } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { zero } from './function-text.ts';
import { addCode, lanesOf } from './reduce.ts';
import { atom, indent, levels, wrapped } from './text.ts';

type Scan = Extract<Statement, { kind: 'scan' }>;

/** The text of the two functions of a scan. */
interface Parts {
  readonly body: readonly string[];
  readonly value: string;
  readonly then: readonly string[];
}

/** Tiles of 64 lanes, in each of which sums double their reach six times: the order in which a GPU adds them. */
export function scanLines(text: FunctionText, s: Scan, { body, value, then }: Parts): string[] {
  const lanes = lanesOf(text, s.type);
  const add = (left: string, right: string): string =>
    wrapped(addCode(text, s.type, atom(left), atom(right)), levels.assignment);
  const declare = text.isHoisted(s.index) ? '' : 'let ';
  const index = `${declare}${text.local(s.index)} = first + q;`;
  const doubled = add(`${lanes}[q - d]`, `${lanes}[q]`);
  return [
    '{',
    ...indent([
      `const count = ${wrapped(expressionCode(text, s.count), levels.assignment)};`,
      `let carry = ${zero(s.type)};`,
      'for (let first = 0; first < count; first += 64) {',
      ...indent([
        ...text.tick(),
        'const tile = count - first < 64 ? count - first : 64;',
        'for (let q = 0; q < tile; q++) {',
        ...indent([index, ...body, `${lanes}[q] = ${value};`]),
        '}',
        'for (let d = 1; d < tile; d *= 2) {',
        `  for (let q = tile - 1; q >= d; q--) ${lanes}[q] = ${doubled};`,
        '}',
        `for (let q = 0; q < tile; q++) ${lanes}[q] = ${add('carry', `${lanes}[q]`)};`,
        `carry = ${lanes}[tile - 1];`,
        'for (let q = 0; q < tile; q++) {',
        ...indent([index, `${text.declaration(s.id)} = ${lanes}[q];`, ...then]),
        '}',
      ]),
      '}',
    ]),
    '}',
  ];
}
