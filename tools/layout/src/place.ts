import type {
  ConstantGroup,
  FieldDescription,
  LayoutDescription,
  ScalarType,
  StructDescription,
} from './description.ts';
import { reservedWords } from './reserved-words.ts';

const lineBytes = 64;
const scalarBytes: Readonly<Record<ScalarType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

export interface PlacedField {
  readonly name: string;
  readonly doc: string;
  readonly type: ScalarType | PlacedStruct;
  readonly length: number | undefined;
  readonly padding: boolean;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly writer: string;
}

export interface PlacedStruct {
  readonly name: string;
  readonly doc: string;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly fields: readonly PlacedField[];
}

export interface PlacedLayout {
  readonly structs: readonly PlacedStruct[];
  readonly constants: readonly ConstantGroup[];
}

/** A description that breaks one of the rules of shared memory. */
export class LayoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LayoutError';
  }
}

/** Gives every field its offset; throws `LayoutError` for a gap, a wrong size or a line with two writers. */
export function placeLayout(description: LayoutDescription): PlacedLayout {
  const placed = new Map<string, PlacedStruct>();
  for (const struct of description.structs) {
    if (placed.has(struct.name)) throw new LayoutError(`Two structs are called ${struct.name}`);
    placed.set(struct.name, placeStruct(struct, placed));
  }
  checkConstants(description.constants, placed);
  return { structs: [...placed.values()], constants: description.constants };
}

function placeStruct(
  struct: StructDescription,
  known: ReadonlyMap<string, PlacedStruct>,
): PlacedStruct {
  const fields: PlacedField[] = [];
  let offset = 0;
  for (const part of struct.parts) {
    for (const member of part.members) {
      const field =
        member.kind === 'padding'
          ? placePadding(struct.name, member.bytes, fields, offset, part.writer)
          : placeField(struct, member, known, offset, part.writer);
      if (fields.some(({ name }) => name === field.name)) {
        throw new LayoutError(`${struct.name} has two fields called ${field.name}`);
      }
      fields.push(field);
      offset += field.sizeBytes;
    }
  }
  checkSize(struct, offset);
  checkLines(struct, fields);
  const { name, doc, sizeBytes, alignBytes } = struct;
  return { name, doc, sizeBytes, alignBytes, fields };
}

function placePadding(
  struct: string,
  bytes: number,
  fields: readonly PlacedField[],
  offset: number,
  writer: string,
): PlacedField {
  if (bytes <= 0 || bytes % 4 !== 0 || offset % 4 !== 0) {
    throw new LayoutError(`${struct}: padding at ${offset} must be whole words, found ${bytes}`);
  }
  const name = `padding${fields.filter((field) => field.padding).length}`;
  const length = bytes / 4;
  return { name, doc: '', type: 'u32', length, padding: true, offset, sizeBytes: bytes, writer };
}

function placeField(
  struct: StructDescription,
  member: FieldDescription,
  known: ReadonlyMap<string, PlacedStruct>,
  offset: number,
  writer: string,
): PlacedField {
  const where = `${struct.name}.${member.name}`;
  if (!/^[a-z][a-zA-Z0-9]*$/.test(member.name) || member.name.startsWith('padding')) {
    throw new LayoutError(`${where}: a name is camelCase and is not that of padding`);
  }
  if (reservedWords.has(member.name)) {
    throw new LayoutError(`${where}: a reserved word of C, C++ or WGSL`);
  }
  const type = typeof member.type === 'string' ? member.type : known.get(member.type.struct);
  if (type === undefined) throw new LayoutError(`${where}: its struct is not described before it`);
  const { length, name, doc } = member;
  if (length !== undefined && (!Number.isInteger(length) || length < 1)) {
    throw new LayoutError(`${where}: an array of ${length} elements`);
  }
  if (length !== undefined && elementBytes(type) < 4) {
    throw new LayoutError(`${where}: WGSL has no arrays of elements smaller than a word`);
  }
  const align = typeof type === 'string' ? scalarBytes[type] : type.alignBytes;
  if (offset % align !== 0) {
    throw new LayoutError(`${where} lies at ${offset}, its alignment is ${align}: add padding`);
  }
  if (align > struct.alignBytes) {
    throw new LayoutError(`${where} needs alignment ${align}, its struct has ${struct.alignBytes}`);
  }
  const sizeBytes = elementBytes(type) * (length ?? 1);
  return { name, doc, type, length, padding: false, offset, sizeBytes, writer };
}

function elementBytes(type: ScalarType | PlacedStruct): number {
  return typeof type === 'string' ? scalarBytes[type] : type.sizeBytes;
}

function checkSize(struct: StructDescription, found: number): void {
  if (found !== struct.sizeBytes) {
    throw new LayoutError(`${struct.name} has ${found} bytes, ${struct.sizeBytes} were stated`);
  }
  if (found === 0 || found % 8 !== 0) {
    throw new LayoutError(`${struct.name} has ${found} bytes, not a multiple of 8`);
  }
  if (found % struct.alignBytes !== 0) {
    throw new LayoutError(`${struct.name} has ${found} bytes, its alignment ${struct.alignBytes}`);
  }
}

/** Two sides that write one line slow each other down on every write (false sharing). */
function checkLines(struct: StructDescription, fields: readonly PlacedField[]): void {
  const writers = new Map<number, string>();
  for (const { name, offset, sizeBytes, writer } of fields) {
    const last = Math.floor((offset + sizeBytes - 1) / lineBytes);
    for (let line = Math.floor(offset / lineBytes); line <= last; line++) {
      const other = writers.get(line) ?? writer;
      if (other !== writer) {
        throw new LayoutError(
          `${struct.name}.${name} of ${writer} shares line ${line} with words of ${other}`,
        );
      }
      writers.set(line, writer);
    }
  }
  if (new Set(writers.values()).size > 1 && struct.alignBytes !== lineBytes) {
    throw new LayoutError(`${struct.name} has several writers and must begin a line`);
  }
}

function checkConstants(
  groups: readonly ConstantGroup[],
  structs: ReadonlyMap<string, PlacedStruct>,
): void {
  const names = new Set(structs.keys());
  for (const group of groups) {
    if (names.has(group.name)) throw new LayoutError(`Two things are called ${group.name}`);
    names.add(group.name);
    const seen = new Set<string>();
    for (const [name, value] of group.values) {
      if (seen.has(name)) throw new LayoutError(`${group.name}.${name} is there twice`);
      seen.add(name);
      if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
        throw new LayoutError(`${group.name}.${name} is ${value}, not a u32`);
      }
    }
  }
}
