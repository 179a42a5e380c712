import { gapsOf } from './gaps.ts';
import { halfBits, halfValue } from './half.ts';
import type { ScalarName, StructLayout, TypeLayout } from './layout.ts';
import { addressOf, validateStruct } from './validate.ts';

/** How a layout is written and read once values and bounds are known to be right. */
export interface Transcoder {
  /** Throws `SchemaError` when the value does not fit. */
  check(value: unknown): void;
  write(view: DataView, offset: number, value: unknown): void;
  read(view: DataView, offset: number): unknown;
}

function writeScalar(view: DataView, offset: number, scalar: ScalarName, value: unknown): void {
  switch (scalar) {
    case 'bool':
      view.setUint8(offset, value === true ? 1 : 0);
      return;
    case 'u8':
      view.setUint8(offset, value as number);
      return;
    case 'u16':
      view.setUint16(offset, value as number, true);
      return;
    case 'u32':
      view.setUint32(offset, value as number, true);
      return;
    case 'u64':
      view.setBigUint64(offset, value as bigint, true);
      return;
    case 'i8':
      view.setInt8(offset, value as number);
      return;
    case 'i16':
      view.setInt16(offset, value as number, true);
      return;
    case 'i32':
      view.setInt32(offset, value as number, true);
      return;
    case 'i64':
      view.setBigInt64(offset, value as bigint, true);
      return;
    case 'f16':
      view.setUint16(offset, halfBits(value as number), true);
      return;
    case 'f32':
      view.setFloat32(offset, value as number, true);
      return;
    case 'f64':
      view.setFloat64(offset, value as number, true);
      return;
  }
}

function readScalar(view: DataView, offset: number, scalar: ScalarName): unknown {
  switch (scalar) {
    case 'bool':
      return view.getUint8(offset) !== 0;
    case 'u8':
      return view.getUint8(offset);
    case 'u16':
      return view.getUint16(offset, true);
    case 'u32':
      return view.getUint32(offset, true);
    case 'u64':
      return view.getBigUint64(offset, true);
    case 'i8':
      return view.getInt8(offset);
    case 'i16':
      return view.getInt16(offset, true);
    case 'i32':
      return view.getInt32(offset, true);
    case 'i64':
      return view.getBigInt64(offset, true);
    case 'f16':
      return halfValue(view.getUint16(offset, true));
    case 'f32':
      return view.getFloat32(offset, true);
    case 'f64':
      return view.getFloat64(offset, true);
  }
}

function zero(view: DataView, offset: number, size: number): void {
  for (let at = offset; at < offset + size; at++) view.setUint8(at, 0);
}

function writeType(view: DataView, offset: number, type: TypeLayout, value: unknown): void {
  switch (type.kind) {
    case 'scalar':
      writeScalar(view, offset, type.name, value);
      return;
    case 'ref':
      view.setUint32(offset, addressOf(value) as number, true);
      return;
    case 'struct':
      writeStruct(view, offset, type.layout, value);
      return;
    case 'array': {
      const elements = value as ArrayLike<unknown>;
      const { length } = elements;
      for (let i = 0; i < length; i++) {
        writeType(view, offset + i * type.stride, type.element, elements[i]);
      }
      zero(view, offset + length * type.stride, (type.length - length) * type.stride);
    }
  }
}

function readType(view: DataView, offset: number, type: TypeLayout): unknown {
  switch (type.kind) {
    case 'scalar':
      return readScalar(view, offset, type.name);
    case 'ref':
      return view.getUint32(offset, true);
    case 'struct':
      return readStruct(view, offset, type.layout);
    case 'array': {
      const read = (_: unknown, i: number): unknown =>
        readType(view, offset + i * type.stride, type.element);
      return Array.from({ length: type.length }, read);
    }
  }
}

function writeStruct(view: DataView, offset: number, layout: StructLayout, value: unknown): void {
  for (const field of layout.fields) {
    const fieldValue = (value as Record<string, unknown>)[field.name];
    writeType(view, offset + field.offset, field.type, fieldValue);
  }
  for (const gap of gapsOf(layout)) zero(view, offset + gap.offset, gap.size);
}

function readStruct(view: DataView, offset: number, layout: StructLayout): unknown {
  const value: Record<string, unknown> = {};
  for (const field of layout.fields) {
    value[field.name] = readType(view, offset + field.offset, field.type);
  }
  return value;
}

/** Walks the layout for each value. Needs no code generation; what the generated one is tested against. */
export function tableTranscoder(layout: StructLayout, name: string): Transcoder {
  return {
    check: (value) => validateStruct(layout, value, name),
    write: (view, offset, value) => writeStruct(view, offset, layout, value),
    read: (view, offset) => readStruct(view, offset, layout),
  };
}
