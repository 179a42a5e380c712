import type { Statement } from '../ir/types.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { typeText, zero } from './literal.ts';
import { binaryText } from './operator.ts';

type Scan = Extract<Statement, { kind: 'scan' }>;

/** Tiles of 64 lanes, in each of which sums double their reach six times: the order of every target. */
export function scanLines(
  text: FunctionText,
  s: Scan,
  { body, then }: { readonly body: () => void; readonly then: () => void },
): void {
  const [type, counter] = [typeText(s.type), typeText(s.count.type)];
  const count = text.keep(counter, expressionText(text, s.count));
  const [lanes, first, carry, tile] = [0, 1, 2, 3].map(() => text.temporary()) as [
    string,
    string,
    string,
    string,
  ];
  const add = (a: string, b: string): string => binaryText(text, '+', s.type, a, b, s.type);
  const rounds = (head: string, write: () => void): void => {
    text.line(`for (${head}) {`, ...text.loopBody(null, write), '}');
  };
  const index = (): void => {
    text.line(`${text.declaration(s.index)} = ${first} + (${counter})q;`);
  };
  text.line(`${type} ${lanes}[64];`, `${type} ${carry} = ${zero(s.type)};`, `rk_u32 ${tile} = 0u;`);
  rounds(`${counter} ${first} = 0; ${first} < ${count}; ${first} += (${counter})${tile}`, () => {
    text.line(`${tile} = ${count} - ${first} < 64 ? (rk_u32)(${count} - ${first}) : 64u;`);
    rounds(`rk_u32 q = 0u; q < ${tile}; q++`, () => {
      index();
      body();
      text.line(`${lanes}[q] = ${expressionText(text, s.value)};`);
    });
    const doubled = add(`${lanes}[q - d]`, `${lanes}[q]`);
    text.line(`for (rk_u32 d = 1u; d < ${tile}; d <<= 1) {`);
    text.line(`  for (rk_u32 q = ${tile} - 1u; q >= d; q--) ${lanes}[q] = ${doubled};`, '}');
    text.line(`for (rk_u32 q = 0u; q < ${tile}; q++) {`);
    text.line(`  ${lanes}[q] = ${add(carry, `${lanes}[q]`)};`, '}');
    text.line(`${carry} = ${lanes}[${tile} - 1u];`);
    rounds(`rk_u32 q = 0u; q < ${tile}; q++`, () => {
      index();
      text.line(`${text.declaration(s.id)} = ${lanes}[q];`);
      then();
    });
  });
}
