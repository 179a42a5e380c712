import type { Located } from '../diagnostics/frame.ts';
import type { Location } from '../ir/types.ts';
import type { FunctionSource } from '../parse/index.ts';
import type { FunctionContext } from './function-context.ts';

/** Line and column (1-based) of a character of the function's own text. */
export function positionIn({ text, shift }: FunctionSource, index: number): Location {
  const before = text.slice(0, index).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { line: before.length, column: before.length === 1 ? column - shift : column };
}

/** V8 says where the parameters begin; the place is found relative to that character in the function's text. */
export function traceNode(c: FunctionContext, index: number): Located {
  const { source } = c;
  const at = positionIn(source, index);
  const location = c.closure?.location ?? null;
  if (location !== null) {
    const anchor = positionIn(source, source.anchor);
    const line = location.line + at.line - anchor.line;
    const same = at.line === anchor.line;
    const column = same ? location.column + at.column - anchor.column : at.column;
    const traced = c.actor.capture.trace(location, line, column);
    if (traced !== null) return traced;
  }
  return { file: null, ...at, text: source.raw };
}
