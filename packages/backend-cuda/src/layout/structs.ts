/**
 * The structs that the host fills in and the device uses, described once: the C text that is compiled with every
 * program and the offsets that TypeScript writes at come from the same list.
 */
export type FieldType = 'u32' | 'u64' | 'u8' | `${string}*` | RecordLayout;

export interface RecordLayout {
  readonly name: string;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly offsets: Readonly<Record<string, number>>;
  readonly text: string;
}

/** A field: its name, its type and, for arrays, its length. `line` starts a new line of 128 bytes. */
export type Field = readonly [name: string, type: FieldType | 'line', length?: number];

const scalarBytes: Readonly<Record<string, number>> = { u8: 1, u32: 4, u64: 8 };
const lineBytes = 128;

function sizeOf(type: FieldType): { readonly size: number; readonly align: number } {
  if (typeof type !== 'string') return { size: type.sizeBytes, align: type.alignBytes };
  const size = scalarBytes[type] ?? 8; // what is no scalar is a pointer
  return { size, align: size };
}

const up = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Lays the fields out as C does, and pads the struct to whole alignments. */
export function record(name: string, fields: readonly Field[]): RecordLayout {
  const offsets: Record<string, number> = {};
  const lines: string[] = [];
  let at = 0;
  let alignBytes = 8;
  let newLine = false;
  for (const [field, type, length = 1] of fields) {
    if (type === 'line') {
      newLine = true;
      continue;
    }
    const { size, align } = sizeOf(type);
    at = up(at, newLine ? lineBytes : align);
    if (newLine) alignBytes = lineBytes;
    offsets[field] = at;
    const start = newLine ? `alignas(${lineBytes}) ` : '';
    lines.push(`  ${start}${typeText(type)} ${field}${length === 1 ? '' : `[${length}]`};`);
    at += size * length;
    alignBytes = Math.max(alignBytes, align);
    newLine = false;
  }
  const sizeBytes = up(at, alignBytes);
  const asserts = Object.entries(offsets).map(
    ([field, offset]) => `static_assert(RK_OFFSET(${name}, ${field}) == ${offset}, "${field}");`,
  );
  const text = [
    `struct alignas(${alignBytes}) ${name} {`,
    ...lines,
    '};',
    `static_assert(sizeof(${name}) == ${sizeBytes}, "${name}");`,
    ...asserts,
  ].join('\n');
  return { name, sizeBytes, alignBytes, offsets, text };
}

function typeText(type: FieldType): string {
  if (typeof type !== 'string') return type.name;
  return type.endsWith('*') ? type : `rk_${type}`;
}
