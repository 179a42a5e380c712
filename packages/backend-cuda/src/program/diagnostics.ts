import { placeOfLine } from '@ringkernel/compiler/back-end';
import type { KernelImage } from '@ringkernel/core';
import { CudaCompileError, type CudaDiagnostic } from '../errors.ts';
import { deviceHeaders } from './headers.ts';

/** `file(12): error: …` of NVRTC and nvcc, `file:12:5: error: …` of clang and g++. */
const logLine =
  /^(?<file>[^():\n]+)(?:\((?<line>\d+)\)|:(?<otherLine>\d+):\d+)\s*:\s*(?:fatal |catastrophic )?error(?:[ ]#[\w-]+)?\s*:\s*(?<message>.+)$/gmu;

/** The first line of a generated function: `RK_DEV void h0_Add(RkTurn* rk) {`. */
const functionLine = /^RK_DEV [\w ]+ (?<kind>[hf])(?<index>\d+)_\w+\(/u;

/** The compiler's error, with the places in the user's handlers that its log is about. Anything else as it is. */
export function atHandlers(thrown: unknown, image: KernelImage, text: string): unknown {
  if (!(thrown instanceof CudaCompileError)) return thrown;
  const lines = text.split('\n');
  const found = errorsIn(thrown.log).flatMap(({ file, line, message }) => {
    const place = ownPlace(file, line, image) ?? placeOfLine(image, lines, line, functionLine);
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
