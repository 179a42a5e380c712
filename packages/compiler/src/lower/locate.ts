import type { Capture } from '../capture/index.ts';
import type { Located } from '../diagnostics/frame.ts';
import type { LocateLine } from '../image.ts';
import type { Location } from '../ir/types.ts';
import type { FunctionSource, UserFunction } from '../parse/index.ts';

/** A function's text, without its tree: places outlive the compilation. */
type Text = Pick<FunctionSource, 'raw' | 'text' | 'shift' | 'anchor'>;

/** Line and column (1-based) of a character of the function's own text. */
export function positionIn({ text, shift }: Text, index: number): Location {
  const before = text.slice(0, index).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { line: before.length, column: before.length === 1 ? column - shift : column };
}

/** How to find a character of a function in its file, later. */
export function locator(
  capture: Capture,
  owner: UserFunction,
  { raw, text, shift, anchor }: FunctionSource,
  index: number,
): () => Located {
  const source: Text = { raw, text, shift, anchor };
  return () => trace(capture, owner, source, positionIn(source, index));
}

/** How to find any line and column of a function in its file, later. */
export function lineLocator(
  capture: Capture,
  owner: UserFunction,
  { raw, text, shift, anchor }: FunctionSource,
): LocateLine {
  const source: Text = { raw, text, shift, anchor };
  return (at) => trace(capture, owner, source, at);
}

/** V8 says where the parameters begin; the place is found relative to that character in the function's text. */
function trace(capture: Capture, owner: UserFunction, source: Text, at: Location): Located {
  const location = capture.closure(owner)?.location ?? null;
  if (location !== null) {
    const anchor = positionIn(source, source.anchor);
    const line = location.line + at.line - anchor.line;
    const same = at.line === anchor.line;
    const column = same ? location.column + at.column - anchor.column : at.column;
    const traced = capture.trace(location, line, column);
    if (traced !== null) return traced;
  }
  return { file: null, ...at, text: source.raw };
}
