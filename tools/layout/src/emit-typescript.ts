import type { ConstantGroup } from './description.ts';
import { hashLayout } from './hash.ts';
import type { PlacedLayout, PlacedStruct } from './place.ts';
import { banner, hex, type Word, wordsOf } from './words.ts';

/**
 * One `as const` object for each struct: byte offsets (`…Offset`) for a DataView and word indices (`…Word`, of a
 * u64 `…LowWord` and `…HighWord`) for a Uint32Array, both from the start of the struct. An array has the word of its
 * first element, `…StrideWords` from one to the next, and `…Length`.
 */
export function emitTypeScript(layout: PlacedLayout): string {
  return [
    `// ${banner}`,
    '',
    '/** Equal hashes mean equal structs and constants: compared when host and kernel meet. */',
    `export const layoutHash = ${hex(hashLayout(layout))};`,
    '',
    ...layout.structs.flatMap((struct) => [...emitStruct(struct), '']),
    ...layout.constants.flatMap((group) => [...emitConstants(group), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function emitStruct(struct: PlacedStruct): readonly string[] {
  const { name, doc, sizeBytes } = struct;
  return [
    `/** ${doc} */`,
    `export const ${name} = {`,
    `  sizeBytes: ${sizeBytes},`,
    `  sizeWords: ${sizeBytes / 4},`,
    ...wordsOf(struct).flatMap((word) => [`  /** ${word.doc} */`, ...emitWord(word)]),
    '} as const;',
  ];
}

function emitWord({ name, offset, bytes, length }: Word): readonly string[] {
  const lines = [`  ${name}Offset: ${offset},`];
  const word = Math.floor(offset / 4);
  if (length !== undefined) {
    lines.push(`  ${name}Word: ${word},`, `  ${name}StrideWords: ${bytes / 4},`);
    lines.push(`  ${name}Length: ${length},`);
  } else if (bytes === 8) {
    lines.push(`  ${name}LowWord: ${word},`, `  ${name}HighWord: ${word + 1},`);
  } else if (bytes === 4) {
    lines.push(`  ${name}Word: ${word},`);
  } else {
    lines.push(`  ${name}Word: ${word},`, `  ${name}Shift: ${(offset % 4) * 8},`);
  }
  return lines;
}

function emitConstants(group: ConstantGroup): readonly string[] {
  return [
    `/** ${group.doc} */`,
    `export const ${group.name} = {`,
    ...group.values.flatMap(([name, value, doc]) => [
      ...(doc === '' ? [] : [`  /** ${doc} */`]),
      `  ${name}: ${value},`,
    ]),
    '} as const;',
  ];
}
