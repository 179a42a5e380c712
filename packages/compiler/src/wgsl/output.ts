import type { Statement } from '../ir/types.ts';
import { recordKind } from './abi.ts';
import { copyLines } from './copy.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { asWord, writeText } from './place.ts';

type Output = Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>;

/** Evaluates destination and values, opens a record (its payload is zero), and writes what the payload names. */
export function outputLines(text: FunctionText, s: Output): void {
  const to = s.kind === 'send' ? text.keep(asWord(text, s.to)) : '0u';
  const values = s.payload.map((part) =>
    part.kind === 'scalar' ? text.keep(expressionText(text, part.value)) : '',
  );
  const priority = s.kind === 'send' ? s.priority : 0;
  const words = Math.ceil(s.size / 4);
  const fixed = `${recordKind[s.kind]}u, ${s.message >>> 0}u`;
  const record = text.keep(`rk_open(${fixed}, ${to}, ${priority}u, ${words}u)`);
  if (s.payload.length === 0) return;
  text.line(`if (${record} != 0xffffffffu) {`);
  text.line(
    ...text.block(() => {
      s.payload.forEach((part, i) => {
        if (part.kind === 'copy') {
          copyLines(text, 'records', record, part);
          return;
        }
        const at = (unit: number): string => `${part.offset / unit}u`;
        text.line(writeText(text, 'records', record, part.storage, at, values[i] ?? ''));
      });
    }),
    '}',
  );
}
