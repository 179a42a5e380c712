import { readText } from '../capture/file-text.ts';
import type { Located } from '../diagnostics/frame.ts';
import { type ActorImage, type LocateLine, withPlaces } from '../image.ts';
import type { IrFunction, Location, Statement } from '../ir/types.ts';
import { childLists } from '../ir/walk.ts';
import { type Decode, list, object, text, word } from './decode.ts';

/** Where the functions of an actor and their statements were written. Source maps and errors are made from it. */
export interface Positions {
  readonly files: readonly string[];
  readonly handlers: readonly FunctionPositions[];
  readonly functions: readonly FunctionPositions[];
}

/** Line and column in the function's own text, index of the file, line and column there; then the same of the next. */
type FunctionPositions = readonly number[];

export const positions: Decode<Positions> = object({
  files: list(text),
  handlers: list(list(word)),
  functions: list(list(word)),
});

/** Of an image that was compiled in this process. `shorten` is given each path of a file. */
export function positionsOf(image: ActorImage, shorten: (file: string) => string): Positions {
  const { handlers, functions } = image.program.module;
  const files: string[] = [];
  const row = (at: Location, located: Located): readonly number[] => {
    if (located.file === null) return [];
    const file = shorten(located.file);
    if (!files.includes(file)) files.push(file);
    return [at.line, at.column, files.indexOf(file), located.line, located.column];
  };
  return withPlaces(image, (places) => {
    const all = (fns: readonly IrFunction[], lines: readonly LocateLine[] | undefined) =>
      fns.map((fn, i) => {
        const locate = lines?.[i];
        return locate === undefined ? [] : locationsIn(fn).flatMap((at) => row(at, locate(at)));
      });
    return {
      handlers: all(handlers, places?.handlerLines),
      functions: all(functions, places?.functionLines),
      files,
    };
  });
}

/** Where the function begins, and where each of its statements does, none twice. */
function locationsIn({ body }: IrFunction): Location[] {
  const found = new Map<string, Location>([['1:1', { line: 1, column: 1 }]]);
  const visit = (s: Statement): void => {
    if (s.location !== undefined) found.set(`${s.location.line}:${s.location.column}`, s.location);
    for (const inner of childLists(s)) inner.forEach(visit);
  };
  body.forEach(visit);
  return [...found.values()];
}

/** What `positionsOf` was made from. `find` gives the path of a file here, or null where that is not known. */
export function linesOf(
  { files, handlers, functions }: Positions,
  find: (file: string) => string | null,
): { readonly handlerLines: readonly LocateLine[]; readonly functionLines: readonly LocateLine[] } {
  const texts = new Map<string, string>();
  const textOf = (file: string): string => {
    const content = texts.get(file) ?? readText(file) ?? '';
    texts.set(file, content);
    return content;
  };
  const locate = (rows: FunctionPositions): LocateLine => {
    const known = new Map<string, Omit<Located, 'text'>>();
    for (let i = 0; i + 5 <= rows.length; i += 5) {
      const [ownLine, ownColumn, index = 0, line = 0, column = 0] = rows.slice(i, i + 5);
      const file = files[index];
      const path = file === undefined ? null : find(file);
      if (path !== null) known.set(`${ownLine}:${ownColumn}`, { file: path, line, column });
    }
    return (at) => {
      const found = known.get(`${at.line}:${at.column}`);
      if (found === undefined || found.file === null) return { file: null, ...at, text: '' };
      return { ...found, text: textOf(found.file) };
    };
  };
  return { handlerLines: handlers.map(locate), functionLines: functions.map(locate) };
}
