import { elementSize } from '../ir/element-size.ts';
import type { PayloadPart, Statement } from '../ir/types.ts';
import { mayFault } from '../ir/walk.ts';
import { copyLines } from './copy.ts';
import { expressionCode } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { indent, levels, toU32, wrapped } from './text.ts';

type Output = Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>;
type Scalar = Extract<PayloadPart, { kind: 'scalar' }>;

/**
 * Evaluates what can fault, makes room, and writes the payload in whole 32-bit words, so that every byte of it has a
 * defined value. It may write up to 3 bytes behind a payload whose size is no multiple of 4: there is room for them.
 */
export function outputLines(text: FunctionText, s: Output): string[] {
  const lines: string[] = [];
  const values = new Map<PayloadPart, string>();
  let to = '';
  if (s.kind === 'send') {
    const code = expressionCode(text, s.to);
    const address = s.to.type === 'u32' ? code : toU32(code);
    to = wrapped(address, levels.assignment);
    if (mayFault(s.to)) {
      lines.push(`const to = ${to};`);
      to = 'to';
    }
  }
  s.payload.forEach((part, i) => {
    if (part.kind !== 'scalar' || !mayFault(part.value)) return;
    lines.push(`const a${i} = ${wrapped(expressionCode(text, part.value), levels.assignment)};`);
    values.set(part, `a${i}`);
  });
  const common = `${s.message}, ${s.size}`;
  const call =
    s.kind === 'send'
      ? `env.send(self, header, ${to}, ${common}, ${s.priority})`
      : `env.${s.kind}(self, header, ${common})`;
  if (s.size === 0) return ['{', ...indent([...lines, `${call};`]), '}'];
  lines.push(`const payload = ${call};`, ...payloadLines(text, s, values));
  return ['{', ...indent(lines), '}'];
}

function payloadLines(
  text: FunctionText,
  s: Output,
  values: ReadonlyMap<PayloadPart, string>,
): string[] {
  const copied = copiedWords(s.payload);
  const words = new Map<number, Scalar[]>();
  const wide: Scalar[] = [];
  for (const part of s.payload) {
    if (part.kind !== 'scalar') continue;
    if (elementSize(part.storage) >= 4) wide.push(part);
    else {
      const word = Math.floor(part.offset / 4);
      words.set(word, [...(words.get(word) ?? []), part]);
    }
  }
  const covered = new Set(
    wide.flatMap(({ offset, storage }) => wordsOf(offset, elementSize(storage))),
  );
  const value = (part: Scalar): string => scalarText(text, part, values.get(part));
  const narrow = (word: number): string => {
    const parts = (words.get(word) ?? []).map((part) => ({ part, text: value(part) }));
    return packedText(parts, word);
  };
  const zeros: string[] = [];
  const packed: string[] = [];
  for (let word = 0; word * 4 < s.size; word++) {
    if (covered.has(word) || copied.get(word) === 'whole') continue;
    const target = element(text, 'u32', word * 4);
    if (words.has(word) && !copied.has(word)) packed.push(`${target} = ${narrow(word)};`);
    else zeros.push(`${target} = 0;`);
  }
  const shared = [...words.entries()]
    .filter(([word]) => copied.has(word))
    .flatMap(([, parts]) => parts);
  return [
    ...zeros,
    ...s.payload.flatMap((part) => (part.kind === 'copy' ? copyPart(text, part) : [])),
    ...[...wide, ...shared].map((part) => {
      const bool = part.storage === 'bool';
      const written = bool ? `${value(part)} ? 1 : 0` : value(part);
      return `${element(text, part.storage, part.offset)} = ${written};`;
    }),
    ...packed,
  ];
}

function copyPart(text: FunctionText, part: Extract<PayloadPart, { kind: 'copy' }>): string[] {
  return copyLines(text, part, 'arena', part.offset, (size) => {
    const start = size === 4 ? '(payload >>> 2)' : 'payload';
    return `${start} + ${part.offset / size}`;
  });
}

/** Which 32-bit words copies write: all of it, or a part. */
function copiedWords(payload: readonly PayloadPart[]): Map<number, 'whole' | 'part'> {
  const bytes = new Map<number, number>();
  for (const part of payload) {
    if (part.kind !== 'copy') continue;
    for (let byte = part.offset; byte < part.offset + part.size; byte++) {
      const word = Math.floor(byte / 4);
      bytes.set(word, (bytes.get(word) ?? 0) + 1);
    }
  }
  return new Map([...bytes].map(([word, count]) => [word, count === 4 ? 'whole' : 'part']));
}

function wordsOf(offset: number, size: number): number[] {
  return size === 8 ? [offset / 4, offset / 4 + 1] : [offset / 4];
}

/** A value that can stand anywhere in an expression of bit operators. */
function scalarText(text: FunctionText, part: Scalar, kept: string | undefined): string {
  return kept ?? wrapped(expressionCode(text, part.value), levels.or);
}

/** The narrow scalars of one word, put together with shifts. */
function packedText(
  parts: readonly { readonly part: Scalar; readonly text: string }[],
  word: number,
): string {
  const pieces = parts.map(({ part, text }) => {
    const shift = (part.offset - word * 4) * 8;
    const bits = part.storage === 'bool' ? `(${text} ? 1 : 0)` : `((${text}) & ${maskOf(part)})`;
    return shift === 0 ? bits : `(${bits} << ${shift})`;
  });
  return pieces.join(' | ');
}

function maskOf(part: Scalar): string {
  return elementSize(part.storage) === 1 ? '0xff' : '0xffff';
}

function element(text: FunctionText, storage: Scalar['storage'], offset: number): string {
  const size = elementSize(storage);
  const view = text.program.views.use('arena', storage);
  const start = size === 1 ? 'payload' : `(payload >>> ${Math.log2(size)})`;
  return `${view}[${start}${offset === 0 ? '' : ` + ${offset / size}`}]`;
}
