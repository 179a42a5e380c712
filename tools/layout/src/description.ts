/** The types a shared word can have. What is signed or a float lives in states and payloads, not in these structs. */
export type ScalarType = 'u8' | 'u16' | 'u32' | 'u64';

export interface FieldDescription {
  readonly kind: 'field';
  /** camelCase; the C and WGSL names are made from it. */
  readonly name: string;
  /** A scalar, or the name of a struct described before this one. */
  readonly type: ScalarType | { readonly struct: string };
  /** Length of an array; a single value when left out. */
  readonly length?: number;
  readonly doc: string;
}

/** Bytes nobody uses. Every gap is written down: a gap the compiler would insert is refused. */
export interface PaddingDescription {
  readonly kind: 'padding';
  readonly bytes: number;
}

/** Consecutive fields that one side writes. Everybody may read them. */
export interface PartDescription {
  readonly writer: string;
  readonly members: readonly (FieldDescription | PaddingDescription)[];
}

export interface StructDescription {
  readonly name: string;
  readonly doc: string;
  /** What the parts must add up to; said twice so that a slip is an error. */
  readonly sizeBytes: number;
  /** 64 where the struct begins a cache line of its own, 8 where it may lie inside one. */
  readonly alignBytes: 8 | 64;
  readonly parts: readonly PartDescription[];
}

/** Numbers with names that both sides must agree on. */
export interface ConstantGroup {
  readonly name: string;
  readonly doc: string;
  readonly values: readonly (readonly [name: string, value: number, doc: string])[];
}

export interface LayoutDescription {
  readonly structs: readonly StructDescription[];
  readonly constants: readonly ConstantGroup[];
}

export function field(
  name: string,
  type: FieldDescription['type'],
  doc: string,
  length?: number,
): FieldDescription {
  return length === undefined
    ? { kind: 'field', name, type, doc }
    : { kind: 'field', name, type, doc, length };
}

export function padding(bytes: number): PaddingDescription {
  return { kind: 'padding', bytes };
}
