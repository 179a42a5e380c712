import type { IrFunction } from '../ir/types.ts';
import { FunctionText, type ModuleText } from './function-text.ts';
import { typeText, zero } from './literal.ts';
import { statementLines } from './statement.ts';

/** A whole function; `write` writes its lines when they are not those of its body. */
export function functionText(
  program: ModuleText,
  fn: IrFunction,
  name: string,
  write: (text: FunctionText) => void = (text) => statementLines(text, fn.body),
): string {
  const text = new FunctionText(program, fn);
  const body = text.block(() => write(text));
  const parameters = fn.parameters.map((id) => `p${id}: ${typeText(text.typeOfLocal(id))}`);
  const result = fn.result === null ? '' : ` -> ${typeText(fn.result)}`;
  const end =
    fn.result === null || fn.body.at(-1)?.kind === 'return' ? [] : [`  return ${zero(fn.result)};`];
  const preamble = text.preamble().map((line) => `  ${line}`);
  return [
    `fn ${name}(${parameters.join(', ')})${result} {`,
    ...preamble,
    ...body,
    ...end,
    '}',
    '',
  ].join('\n');
}
