import type { KernelImage } from '@ringkernel/core';
import { formatPosition, type Located } from './diagnostics/frame.ts';
import { withPlaces } from './image.ts';

/** Where the handler or the function is that a line of generated text comes from. */
export interface LinePlace {
  readonly handler: string;
  /** `counter.ts:12:7`; where the file is not known, in the handler's own lines: `Counter.Add:3:5`. */
  readonly at: string;
}

const begun = /^\/\/ by hand: (?<name>\w+), (?<count>\d+) lines$/u;

/**
 * The line of a handler written by hand that a line (1-based) of the whole text is: `Counter.Add:3`. What is missed at its
 * end is of its last line. Null for a line that is of no such handler.
 */
export function placeByHand(
  image: KernelImage,
  lines: readonly string[],
  line: number,
): LinePlace | null {
  for (let i = line - 1; i >= 0; i--) {
    const text = lines[i] ?? '';
    if (text === '// by hand: end') return null;
    const { name = '', count } = begun.exec(text)?.groups ?? {};
    if (count === undefined) continue;
    const own = Math.min(line - i - 1, Number(count));
    return { handler: name, at: `${image.name}.${name}:${own}` };
  }
  return null;
}

const marker = /^\s*\/\/ (?<name>\w+):(?<line>\d+):(?<column>\d+)$/u;

/**
 * Goes up from a line (1-based) of generated text to the mark above it (`// Add:3:5`), and from there to the head of the
 * function, which `head` matches with its `kind`, h or f, and its `index`. Null for a line of no handler.
 */
export function placeOfLine(
  image: KernelImage,
  lines: readonly string[],
  line: number,
  head: RegExp,
): LinePlace | null {
  let at: { readonly name: string; readonly line: number; readonly column: number } | null = null;
  for (let i = line - 1; i >= 0; i--) {
    const text = lines[i] ?? '';
    const mark = marker.exec(text)?.groups;
    if (mark !== undefined) {
      at ??= { name: mark.name ?? '', line: Number(mark.line), column: Number(mark.column) };
    }
    const found = head.exec(text)?.groups;
    if (found !== undefined) return at && { handler: at.name, at: located(image, found, at) };
    if (text === '}' && i < line - 1) return null; // between functions: of nobody's handler
  }
  return null;
}

function located(
  image: KernelImage,
  head: Readonly<Record<string, string>>,
  at: { readonly name: string; readonly line: number; readonly column: number },
): string {
  const place = withPlaces(image, (places): Located | null => {
    const all = head.kind === 'h' ? places?.handlerLines : places?.functionLines;
    return all?.[Number(head.index)]?.(at) ?? null;
  });
  if (place === null || place.file === null)
    return `${image.name}.${at.name}:${at.line}:${at.column}`;
  return formatPosition(place);
}
