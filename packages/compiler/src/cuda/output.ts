import type { Statement } from '../ir/types.ts';
import { copyLines } from './copy.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { typeText } from './literal.ts';
import { asWord, writeText } from './place.ts';

type Output = Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>;

/** Evaluates destination and values, asks for room (of zeros), and writes what the payload names. */
export function outputLines(text: FunctionText, s: Output): void {
  const to = s.kind === 'send' ? [text.keep('rk_u32', asWord(text, s.to))] : [];
  const values = s.payload.map((part) =>
    part.kind === 'scalar'
      ? text.keep(typeText(part.value.type), expressionText(text, part.value))
      : '',
  );
  const priority = s.kind === 'send' ? [`${s.priority}u`] : [];
  const args = ['rk', ...to, `${s.message >>> 0}u`, `${s.size}u`, ...priority];
  const call = `rk_${s.kind}(${args.join(', ')})`;
  if (s.payload.length === 0) {
    text.line(`${call};`);
    return;
  }
  const room = text.temporary();
  const writes = text.block(() => {
    s.payload.forEach((part, i) => {
      if (part.kind === 'copy') {
        copyLines(text, room, part);
        return;
      }
      const { storage, offset } = part;
      text.line(writeText(text, room, { storage, at: `${offset}u`, note: '' }, values[i] ?? ''));
    });
  });
  text.line(`if (unsigned char* const ${room} = ${call}) {`, ...writes, '}');
}
