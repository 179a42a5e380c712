import { codecOf, f32, f64, layoutOf, u32, u64 } from '@ringkernel/core';
import { Builder, ByteBuffer } from 'flatbuffers';
import { type Bench, beside, plain } from './bench.ts';
import { interleaved, nsPer } from './measure.ts';

const fields = { a: u32, b: u32, c: u32, d: u32, e: f32, f: f32, g: u64, h: f64 };
const codec = codecOf(layoutOf(fields), 'Tick');
const tick = { a: 1, b: 2, c: 3, d: 4, e: 0.5, f: 0.25, g: 7n, h: 1.5 };
const view = new DataView(new ArrayBuffer(64));

/** The same eight fields as a FlatBuffers table, as generated code would write it. */
function writeTable(builder: Builder): Uint8Array {
  builder.clear();
  builder.startObject(8);
  builder.addFieldInt32(0, tick.a, 0);
  builder.addFieldInt32(1, tick.b, 0);
  builder.addFieldInt32(2, tick.c, 0);
  builder.addFieldInt32(3, tick.d, 0);
  builder.addFieldFloat32(4, tick.e, 0);
  builder.addFieldFloat32(5, tick.f, 0);
  builder.addFieldInt64(6, tick.g, 0n);
  builder.addFieldFloat64(7, tick.h, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

/** All eight fields of a table, added up. */
function readTable(bytes: ByteBuffer): number {
  const table = bytes.readInt32(bytes.position()) + bytes.position();
  const at = (field: number): number => table + bytes.__offset(table, 4 + 2 * field);
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += bytes.readInt32(at(i));
  sum += bytes.readFloat32(at(4)) + bytes.readFloat32(at(5));
  return sum + Number(bytes.readUint64(at(6))) + bytes.readFloat64(at(7));
}

export const codecBench: Bench = {
  name: 'codec',
  title: 'eight fields written and read, beside npm flatbuffers',
  async run({ quick }) {
    const count = quick ? 1_000 : 200_000;
    const builder = new Builder(256);
    const bytes = new ByteBuffer(writeTable(builder).slice());
    let sum = 0;
    const medians = await interleaved(
      {
        encode: () =>
          nsPer(count, (n) => {
            for (let i = 0; i < n; i++) {
              tick.a = i;
              codec.encode(view, 0, tick);
            }
          }),
        decode: () =>
          nsPer(count, (n) => {
            for (let i = 0; i < n; i++) sum += codec.decode(view, 0).a;
          }),
        'flatbuffers table, build': () =>
          nsPer(count, (n) => {
            for (let i = 0; i < n; i++) {
              tick.a = i;
              sum += writeTable(builder).length;
            }
          }),
        'flatbuffers table, read': () =>
          nsPer(count, (n) => {
            for (let i = 0; i < n; i++) sum += readTable(bytes);
          }),
      },
      quick ? 1 : 7,
    );
    if (!Number.isFinite(sum)) throw new Error('the sum of all fields is no number');
    return [
      beside(medians, 'encode', 'flatbuffers table, build', 'ns', 1 / 50),
      beside(medians, 'decode', 'flatbuffers table, read', 'ns', 1 / 10),
      plain(medians, 'flatbuffers table, build', 'ns'),
      plain(medians, 'flatbuffers table, read', 'ns'),
    ];
  },
};
