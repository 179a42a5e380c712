import type { Statement } from '../ir/types.ts';
import { noRoom, outputKind } from './abi.ts';
import { copyLines } from './copy.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { asWord, writeText } from './place.ts';

type Output = Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>;

/** Evaluates destination and values, opens an output, whose payload is zero, and writes what the payload names. */
export function outputLines(text: FunctionText, s: Output): void {
  const to = s.kind === 'send' ? text.keep(asWord(text, s.to)) : '0u';
  const values = s.payload.map((part) =>
    part.kind === 'scalar' ? text.keep(expressionText(text, part.value)) : '',
  );
  const priority = s.kind === 'send' ? s.priority : 0;
  const fixed = `${outputKind[s.kind]}u, ${s.message >>> 0}u`;
  const payload = text.keep(`rk_open(${fixed}, ${to}, ${priority}u, ${s.size}u)`);
  if (s.payload.length === 0) return;
  text.line(`if (${payload} != ${noRoom}u) {`);
  text.line(
    ...text.block(() => {
      s.payload.forEach((part, i) => {
        if (part.kind === 'copy') {
          copyLines(text, 'memory', payload, part);
          return;
        }
        const at = (unit: number): string => `${part.offset / unit}u`;
        text.line(writeText(text, 'memory', payload, part.storage, at, values[i] ?? ''));
      });
    }),
    '}',
  );
}
