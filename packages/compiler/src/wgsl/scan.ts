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
  const lanes = `rk_lanes_${s.type}`;
  text.program.lanes.add(s.type);
  const count = text.keep(expressionText(text, s.count));
  const type = s.count.type;
  const [first, carry, tile] = [text.temporary(), text.temporary(), text.temporary()];
  const add = (a: string, b: string): string => binaryText(text, '+', s.type, a, b, s.type);
  const rounds = (head: string, write: () => void): void => {
    text.line(`for (${head}) {`, ...text.block(write), '}');
  };
  const index = (): void => {
    text.line(`${text.declaration(s.index)} = ${first} + ${type}(q);`);
  };
  text.line(`var ${carry}: ${typeText(s.type)} = ${zero(s.type)};`, `var ${tile} = 0u;`);
  rounds(`var ${first} = ${type}(0); ${first} < ${count}; ${first} += ${type}(${tile})`, () => {
    text.line(`${tile} = u32(min(${type}(64), ${count} - ${first}));`);
    rounds(`var q = 0u; q < ${tile}; q++`, () => {
      index();
      body();
      text.line(`${lanes}[q] = ${expressionText(text, s.value)};`);
    });
    rounds(`var d = 1u; d < ${tile}; d = d << 1u`, () => {
      rounds(`var q = ${tile} - 1u; q >= d; q--`, () => {
        text.line(`${lanes}[q] = ${add(`${lanes}[q - d]`, `${lanes}[q]`)};`);
      });
    });
    rounds(`var q = 0u; q < ${tile}; q++`, () => {
      text.line(`${lanes}[q] = ${add(carry, `${lanes}[q]`)};`);
    });
    text.line(`${carry} = ${lanes}[${tile} - 1u];`);
    rounds(`var q = 0u; q < ${tile}; q++`, () => {
      index();
      text.line(`${text.declaration(s.id)} = ${lanes}[q];`);
      then();
    });
  });
}
