import type { RecordLayout } from './structs.ts';

/** Writes the fields of one struct as the device reads them. */
export class StructWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #layout: RecordLayout;
  readonly #at: number;

  constructor(
    layout: RecordLayout,
    bytes: Uint8Array<ArrayBuffer> = new Uint8Array(layout.sizeBytes),
    at = 0,
  ) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#layout = layout;
    this.#at = at;
  }

  u32(field: string, value: number, index = 0): this {
    this.#view.setUint32(this.#offset(field) + 4 * index, value, true);
    return this;
  }

  u64(field: string, value: bigint): this {
    this.#view.setBigUint64(this.#offset(field), value, true);
    return this;
  }

  /** The struct that is this field. */
  inner(field: string, layout: RecordLayout): StructWriter {
    return new StructWriter(layout, this.bytes, this.#offset(field));
  }

  #offset(field: string): number {
    const offset = this.#layout.offsets[field];
    if (offset === undefined) throw new RangeError(`${this.#layout.name} has no field ${field}`);
    return this.#at + offset;
  }
}
