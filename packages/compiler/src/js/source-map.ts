import { encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import type { Located } from '../diagnostics/frame.ts';
import type { LocateLine } from '../image.ts';
import type { IrFunction, Location, Module } from '../ir/types.ts';

interface Lines {
  readonly handlerLines: readonly LocateLine[];
  readonly functionLines: readonly LocateLine[];
}

/** No other comment of generated text has its closing sign right behind a number. */
const marks = /\/\*@(\d+)\*\//gu;

/**
 * Carries the places of statements through the emitter, as comments, and makes them a source map once the text is
 * whole and their columns are known.
 */
export class PlaceMarks {
  readonly #locate = new Map<IrFunction, LocateLine>();
  readonly #places: Located[] = [];

  constructor(module: Module, { handlerLines, functionLines }: Lines) {
    for (const [i, fn] of module.handlers.entries()) this.#know(fn, handlerLines[i]);
    for (const [i, fn] of module.functions.entries()) this.#know(fn, functionLines[i]);
  }

  #know(fn: IrFunction, locate: LocateLine | undefined): void {
    if (locate !== undefined) this.#locate.set(fn, locate);
  }

  /** The comment before a statement; nothing where its file is not known. */
  readonly mark = (fn: IrFunction, location: Location): string => {
    const place = this.#locate.get(fn)?.(location);
    if (place === undefined || place.file === null) return '';
    return `/*@${this.#places.push(place) - 1}*/`;
  };

  /** The text without the comments and with a map of them, if there are any. */
  mapped(text: string): string {
    const files = new Map<string, { readonly index: number; readonly text: string }>();
    const lines: string[] = [];
    const mappings: SourceMapSegment[][] = [];
    for (const line of text.split('\n')) {
      // What is not inside a function was written by nobody.
      const segments: SourceMapSegment[] = /^[^\s/]/u.test(line) ? [[0]] : [];
      let removed = 0;
      const clean = line.replace(marks, (mark, number: string, at: number) => {
        const place = this.#places[Number(number)];
        if (place !== undefined) {
          const file = place.file ?? '';
          if (!files.has(file)) files.set(file, { index: files.size, text: place.text });
          const source = files.get(file)?.index ?? 0;
          segments.push([at - removed, source, place.line - 1, place.column - 1]);
        }
        removed += mark.length;
        return '';
      });
      lines.push(clean);
      mappings.push(segments);
    }
    if (files.size === 0) return lines.join('\n');
    const map = {
      version: 3,
      sources: [...files.keys()].map(urlOf),
      // A debugger reads a file itself that could not be read here.
      sourcesContent: [...files.values()].map((file) => (file.text === '' ? null : file.text)),
      names: [],
      mappings: encode(mappings),
    };
    const data = base64(JSON.stringify(map));
    return `${lines.join('\n')}//# sourceMappingURL=data:application/json;base64,${data}\n`;
  }
}

/** A path as a URL, which is what debuggers compare. */
function urlOf(file: string): string {
  if (/^[a-z][a-z\d+.-]+:/iu.test(file)) return file;
  const path = file.replaceAll('\\', '/').replace(/^(?!\/)/u, '/');
  return `file://${encodeURI(path).replace(/[?#]/gu, encodeURIComponent)}`;
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
