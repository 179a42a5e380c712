import type { Module } from '../ir/types.ts';
import { tableOffsets } from './image.ts';
import { accesses } from './types.ts';

/** The constant tables as they lie at the start of the stage. */
export function tableBytes(module: Module): number[] {
  const { offsets, end } = tableOffsets(module);
  const view = new DataView(new ArrayBuffer(end));
  module.tables.forEach(({ storage, values }, i) => {
    values.forEach((value, k) => {
      const at = (offsets[i] ?? 0) + k * accesses[storage].size;
      switch (storage) {
        case 'f32':
          view.setFloat32(at, Number(value), true);
          break;
        case 'f64':
          view.setFloat64(at, Number(value), true);
          break;
        default:
          writeInteger(view, at, accesses[storage].size, BigInt(value));
      }
    });
  });
  return [...new Uint8Array(view.buffer)];
}

function writeInteger(view: DataView, at: number, size: number, value: bigint): void {
  for (let byte = 0; byte < size; byte++) {
    view.setUint8(at + byte, Number((value >> BigInt(8 * byte)) & 255n));
  }
}
