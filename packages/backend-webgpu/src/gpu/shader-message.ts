import { placeByHand, placeOfLine } from '@ringkernel/compiler/back-end';
import type { KernelImage } from '@ringkernel/core';
import type { ShaderMessage } from '../errors.ts';
import type { GpuCompilationMessage } from './api.ts';

/** The first line of a handler or of a function it calls: `fn h0_Add() {`. */
const head = /^fn (?<kind>[hf])(?<index>\d+)_(?<name>\w+)\(/u;

/**
 * What the compiler said about a line of a kernel's text: in which handler or function that is, or in the `engine`, and
 * where in the user's file or own WGSL, when the image knows it.
 */
export function shaderMessage(
  image: KernelImage | null,
  lines: readonly string[],
  { lineNum: line, linePos, message }: GpuCompilationMessage,
): ShaderMessage {
  let start = line - 1;
  while (start > 0 && !/^fn |^@/u.test(lines[start] ?? '')) start--;
  const found = head.exec(lines[start] ?? '')?.groups;
  const own = image === null ? null : placeByHand(image, lines, line);
  const place = own ?? (image === null ? null : placeOfLine(image, lines, line, head));
  const kind = found?.kind === 'h' ? 'handler' : 'function';
  const where = found === undefined ? 'engine' : `${kind} ${place?.handler ?? found.name}`;
  const at = own === null ? (place?.at ?? null) : `${own.at}:${linePos}`;
  const text = (lines[line - 1] ?? '').trim();
  return { where, at, byHand: own !== null, line, text, message };
}
