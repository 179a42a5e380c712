import type { Storage } from '../ir/types.ts';
import type { Value } from './value.ts';

export function readScalar(view: DataView, offset: number, storage: Storage): Value {
  switch (storage) {
    case 'bool':
      return view.getUint8(offset) !== 0;
    case 'u8':
      return view.getUint8(offset);
    case 'i8':
      return view.getInt8(offset);
    case 'u16':
      return view.getUint16(offset, true);
    case 'i16':
      return view.getInt16(offset, true);
    case 'u32':
      return view.getUint32(offset, true);
    case 'i32':
      return view.getInt32(offset, true);
    case 'u64':
      return view.getBigUint64(offset, true);
    case 'i64':
      return view.getBigInt64(offset, true);
    case 'f32':
      return view.getFloat32(offset, true);
    case 'f64':
      return view.getFloat64(offset, true);
  }
}

/** Keeps the low bits of a value that is wider than its storage. */
export function writeScalar(view: DataView, offset: number, storage: Storage, value: Value): void {
  switch (storage) {
    case 'bool':
      view.setUint8(offset, value === true ? 1 : 0);
      break;
    case 'u8':
    case 'i8':
      view.setUint8(offset, Number(value));
      break;
    case 'u16':
    case 'i16':
      view.setUint16(offset, Number(value), true);
      break;
    case 'u32':
    case 'i32':
      view.setUint32(offset, Number(value), true);
      break;
    case 'u64':
    case 'i64':
      view.setBigUint64(offset, BigInt(value), true);
      break;
    case 'f32':
      view.setFloat32(offset, Number(value), true);
      break;
    case 'f64':
      view.setFloat64(offset, Number(value), true);
      break;
  }
}
