/** The scalar types of messages and states. Little-endian, naturally aligned; bool is one byte, 0 or 1. */
export type ScalarName =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'f16'
  | 'f32'
  | 'f64';

/** A field's type as plain data. `ref` is the u32 address of an actor of the named definition. */
export type TypeLayout =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'ref'; readonly actor: string | null }
  | {
      readonly kind: 'array';
      readonly element: TypeLayout;
      readonly length: number;
      readonly stride: number;
    }
  | { readonly kind: 'struct'; readonly layout: StructLayout };

export interface FieldLayout {
  readonly name: string;
  readonly type: TypeLayout;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  readonly size: number;
}

declare const laidOut: unique symbol;

/**
 * A fixed layout by the rules of FlatBuffers structs: the same bytes as flatc's for the same fields. `F` is what the
 * type checker remembers of the fields, `unknown` once a layout has been plain data.
 */
export interface StructLayout<F = unknown> {
  readonly [laidOut]?: F;
  readonly fields: readonly FieldLayout[];
  /** Bytes, a multiple of `align`; 0 when there are no fields. */
  readonly size: number;
  readonly align: number;
}
