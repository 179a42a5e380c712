import type { Fields } from './fields.ts';
import { generatedTranscoder } from './generated-codec.ts';
import type { Decoded, Payload } from './infer.ts';
import type { StructLayout, TypeLayout } from './layout.ts';
import { type Transcoder, tableTranscoder } from './table-codec.ts';
import { type Misfit, refuse, under } from './validate.ts';

/** Fields that the type checker knows by name; those of an imported or plain layout it does not. */
type Known<F> = F extends Fields ? (string extends keyof F ? never : F) : never;
type Input<F> = [Known<F>] extends [never] ? unknown : Payload<F>;
type Output<F> = [Known<F>] extends [never] ? unknown : Decoded<F>;

/** Writes and reads values of one layout. Generated code does not allocate to encode. */
export interface Codec<I = unknown, O = unknown> {
  /** Bytes of a value. */
  readonly size: number;
  /** `generated` where JavaScript may be generated, else `table`: the same bytes, many times slower. */
  readonly kind: 'generated' | 'table';
  /**
   * Writes a whole value, padding as zero. The value is checked before the first byte is written: throws
   * `SchemaError` RK_SCHEMA_VALUE with path, wanted and found, or RK_SCHEMA_BYTES when the view is too short.
   */
  encode(view: DataView, byteOffset: number, value: I): void;
  /** Reads a value from bytes that this process wrote. Throws RK_SCHEMA_BYTES when the view is too short. */
  decode(view: DataView, byteOffset: number): O;
  /**
   * Reads a value from bytes of unknown origin. Throws `SchemaError` RK_SCHEMA_BYTES unless `byteLength` is exactly
   * the size and every bool is 0 or 1.
   */
  decodeChecked(view: DataView, byteOffset: number, byteLength: number): O;
}

function refuseRoom(name: string, size: number, view: DataView, byteOffset: number): never {
  const wanted = `${size} bytes at offset ${byteOffset}`;
  refuse('RK_SCHEMA_BYTES', name, { path: '', wanted, found: `${view.byteLength} bytes in all` });
}

/** Finds a bool that is neither 0 nor 1. */
function badBool(view: DataView, offset: number, type: TypeLayout): Misfit | null {
  if (type.kind === 'struct') {
    for (const field of type.layout.fields) {
      const found = badBool(view, offset + field.offset, field.type);
      if (found !== null) return under(`.${field.name}`, found);
    }
  } else if (type.kind === 'array' && hasBool(type.element)) {
    for (let i = 0; i < type.length; i++) {
      const found = badBool(view, offset + i * type.stride, type.element);
      if (found !== null) return under(`[${i}]`, found);
    }
  } else if (type.kind === 'scalar' && type.name === 'bool') {
    const byte = view.getUint8(offset);
    if (byte > 1) return { path: '', wanted: '0 or 1 (bool)', found: `byte ${byte}` };
  }
  return null;
}

function hasBool(type: TypeLayout): boolean {
  if (type.kind === 'array') return hasBool(type.element);
  if (type.kind === 'struct') return type.layout.fields.some((field) => hasBool(field.type));
  return type.kind === 'scalar' && type.name === 'bool';
}

function build(layout: StructLayout, name: string, kind: Codec['kind'], by: Transcoder): Codec {
  const { size } = layout;
  const root: TypeLayout = { kind: 'struct', layout };
  const bools = hasBool(root);
  const { check, write, read } = by;
  return Object.freeze({
    size,
    kind,
    encode(view: DataView, byteOffset: number, value: unknown): void {
      check(value);
      // Written so that NaN and fractions fail too.
      if (!(byteOffset >= 0 && byteOffset + size <= view.byteLength)) {
        refuseRoom(name, size, view, byteOffset);
      }
      write(view, byteOffset, value);
    },
    decode(view: DataView, byteOffset: number): unknown {
      if (!(byteOffset >= 0 && byteOffset + size <= view.byteLength)) {
        refuseRoom(name, size, view, byteOffset);
      }
      return read(view, byteOffset);
    },
    decodeChecked(view: DataView, byteOffset: number, byteLength: number): unknown {
      if (byteLength !== size) {
        const [wanted, found] = [`${size} bytes`, `${byteLength} bytes`];
        refuse('RK_SCHEMA_BYTES', name, { path: '', wanted, found });
      }
      if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset + size > view.byteLength) {
        refuseRoom(name, size, view, byteOffset);
      }
      const found = bools ? badBool(view, byteOffset, root) : null;
      if (found !== null) refuse('RK_SCHEMA_BYTES', name, found);
      return read(view, byteOffset);
    },
  });
}

/** A codec that walks the layout: what `codecOf` gives where code generation is refused. */
export function tableCodecOf<F = unknown>(
  layout: StructLayout<F>,
  name = 'value',
): Codec<Input<F>, Output<F>> {
  return build(layout, name, 'table', tableTranscoder(layout, name)) as Codec<Input<F>, Output<F>>;
}

function createCodec(layout: StructLayout, name: string): Codec {
  try {
    return build(layout, name, 'generated', generatedTranscoder(layout, name));
  } catch (error) {
    if (error instanceof EvalError) return tableCodecOf(layout, name);
    throw error;
  }
}

const codecs = new WeakMap<StructLayout, Map<string, Codec>>();

/** The codec of a layout, made once. `name` is what its errors call the value: `Trade` in `Trade.history[3]`. */
export function codecOf<F = unknown>(
  layout: StructLayout<F>,
  name = 'value',
): Codec<Input<F>, Output<F>> {
  let named = codecs.get(layout);
  if (named === undefined) {
    named = new Map();
    codecs.set(layout, named);
  }
  let codec = named.get(name);
  if (codec === undefined) {
    codec = createCodec(layout, name);
    named.set(name, codec);
  }
  return codec as Codec<Input<F>, Output<F>>;
}
