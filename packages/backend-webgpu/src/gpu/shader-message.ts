import { placeOfLine } from '@ringkernel/compiler/back-end';
import type { KernelImage } from '@ringkernel/core';
import type { ShaderMessage } from '../errors.ts';

/** The first line of a handler or of a function it calls: `fn h0_Add() {`. */
const head = /^fn (?<kind>[hf])(?<index>\d+)_(?<name>\w+)\(/u;

/**
 * What the compiler said about a line (from 1) of a kernel's text: in which handler or function that is, or in the
 * `engine`, and where in the user's file, when the image knows it.
 */
export function shaderMessage(
  image: KernelImage | null,
  lines: readonly string[],
  line: number,
  message: string,
): ShaderMessage {
  let start = line - 1;
  while (start > 0 && !/^fn |^@/u.test(lines[start] ?? '')) start--;
  const found = head.exec(lines[start] ?? '')?.groups;
  const place = image === null ? null : placeOfLine(image, lines, line, head);
  const kind = found?.kind === 'h' ? 'handler' : 'function';
  const where = found === undefined ? 'engine' : `${kind} ${place?.handler ?? found.name}`;
  return { where, at: place?.at ?? null, line, text: (lines[line - 1] ?? '').trim(), message };
}
