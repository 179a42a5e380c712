import { formatPosition, type Located, withPlaces } from '@ringkernel/compiler/back-end';
import type { KernelImage } from '@ringkernel/core';
import { CudaCompileError, type CudaDiagnostic } from '../errors.ts';
import { deviceHeaders } from './headers.ts';

/** `file(12): error: …` of NVRTC and nvcc, `file:12:5: error: …` of clang and g++. */
const logLine =
  /^(?<file>[^():\n]+)(?:\((?<line>\d+)\)|:(?<otherLine>\d+):\d+)\s*:\s*(?:fatal |catastrophic )?error(?:[ ]#[\w-]+)?\s*:\s*(?<message>.+)$/gmu;

/** The first line of a generated function: `RK_DEV void h0_Add(RkTurn* rk) {`. */
const functionLine = /^RK_DEV [\w ]+ (?<kind>[hf])(?<index>\d+)_\w+\(/u;
const marker = /^\s*\/\/ (?<name>\w+):(?<line>\d+):(?<column>\d+)$/u;

/** The compiler's error, with the places in the user's handlers that its log is about. Anything else as it is. */
export function atHandlers(thrown: unknown, image: KernelImage, text: string): unknown {
  if (!(thrown instanceof CudaCompileError)) return thrown;
  const lines = text.split('\n');
  const found = errorsIn(thrown.log).flatMap(({ file, line, message }) => {
    const place = ownPlace(file, line, image) ?? placeOf(lines, line, image);
    return place === null ? [] : [{ ...place, message }];
  });
  return found.length === 0 ? thrown : thrown.at(found);
}

/** Errors of the program itself: those in headers are of no handler. */
function errorsIn(
  log: string,
): readonly { readonly file: string; readonly line: number; readonly message: string }[] {
  return [...log.matchAll(logLine)].flatMap(({ groups = {} }) => {
    const { file = '', line, otherLine, message = '' } = groups;
    const isHeader = deviceHeaders().has(file.split('/').at(-1) ?? '');
    return isHeader ? [] : [{ file, line: Number(line ?? otherLine), message: message.trim() }];
  });
}

/** In CUDA C++ that the user gave for a handler, whose lines count from 1 under its name. */
function ownPlace(
  file: string,
  line: number,
  image: KernelImage,
): Omit<CudaDiagnostic, 'message'> | null {
  const own = image.messages.find(({ name }) => file === `${image.name}.${name}`);
  return own === undefined ? null : { handler: own.name, at: `${file}:${line}` };
}

/** Goes up from a line (1-based) of the text to the mark above it, and from there to the function's head. */
function placeOf(
  lines: readonly string[],
  line: number,
  image: KernelImage,
): Omit<CudaDiagnostic, 'message'> | null {
  let at: { readonly name: string; readonly line: number; readonly column: number } | null = null;
  for (let i = line - 1; i >= 0; i--) {
    const text = lines[i] ?? '';
    const mark = marker.exec(text)?.groups;
    if (mark !== undefined) {
      at ??= { name: mark.name ?? '', line: Number(mark.line), column: Number(mark.column) };
    }
    const head = functionLine.exec(text)?.groups;
    if (head !== undefined) return at && { handler: at.name, at: located(image, head, at) };
    if (text === '}' && i < line - 1) return null; // between functions: of nobody's handler
  }
  return null;
}

/** In a file where the image knows it, else in the handler's own lines. */
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
