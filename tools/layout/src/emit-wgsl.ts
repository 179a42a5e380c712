import { hashLayout } from './hash.ts';
import type { PlacedField, PlacedLayout, PlacedStruct } from './place.ts';
import { banner, capital, flatConstants, hex, snake, upper, wordsOf } from './words.ts';

/**
 * WGSL has neither bytes nor 64-bit integers: fields smaller than a word become one u32 named after all of them,
 * a u64 becomes `vec2u` (low, high). The word constants are for kernels that see memory as `array<u32>`.
 */
export function emitWgsl(layout: PlacedLayout): string {
  return [
    `// ${banner}`,
    '',
    `const RK_LAYOUT_HASH: u32 = ${hex(hashLayout(layout))}u;`,
    '',
    ...layout.structs.flatMap((struct) => [...emitStruct(struct), ...emitWords(struct), '']),
    ...flatConstants(layout).map(([name, value]) => `const ${name}: u32 = ${value}u;`),
    '',
  ].join('\n');
}

function emitStruct(struct: PlacedStruct): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < struct.fields.length; ) {
    const group = sharingWord(struct.fields, i);
    lines.push(`  ${group.map((field) => snake(field.name)).join('_')}: ${typeOf(group)},`);
    i += group.length;
  }
  return [`// ${struct.doc}`, `struct Rk${capital(struct.name)} {`, ...lines, '}'];
}

/** The field at `start` and, when it is smaller than a word, those that lie in the same word. */
function sharingWord(fields: readonly PlacedField[], start: number): readonly PlacedField[] {
  const word = (field: PlacedField) => Math.floor(field.offset / 4);
  const first = fields[start];
  if (first === undefined || first.sizeBytes >= 4) return fields.slice(start, start + 1);
  return fields.slice(start).filter((field) => word(field) === word(first));
}

function typeOf(group: readonly PlacedField[]): string {
  const field = group[0];
  if (field === undefined || group.length > 1) return 'u32';
  const { type, length } = field;
  const element =
    typeof type !== 'string' ? `Rk${capital(type.name)}` : type === 'u64' ? 'vec2u' : 'u32';
  return length === undefined ? element : `array<${element}, ${length}>`;
}

function emitWords(struct: PlacedStruct): readonly string[] {
  const prefix = `RK_${upper(struct.name)}`;
  const constant = (name: string, value: number) => `const ${prefix}_${name}: u32 = ${value}u;`;
  return [
    constant('WORDS', struct.sizeBytes / 4),
    ...wordsOf(struct).flatMap(({ name, offset, bytes }) => [
      constant(`${upper(name)}_WORD`, Math.floor(offset / 4)),
      ...(bytes < 4 ? [constant(`${upper(name)}_SHIFT`, (offset % 4) * 8)] : []),
    ]),
  ];
}
