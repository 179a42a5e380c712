import type { Module, Place } from '../ir/types.ts';
import type { ProgramEnv } from '../js/abi.ts';
import { writeScalar } from './memory.ts';
import { sizeOfStorage, type Value } from './value.ts';

/** Bytes of a message's header; its payload follows. */
const headerBytes = 64;

/** One activation of a handler or a function. */
export interface Frame {
  readonly self: number;
  readonly header: number;
  readonly locals: Value[];
  result: Value | null;
}

/** The module and the memory it runs on. */
export class Machine {
  readonly module: Module;
  readonly env: ProgramEnv;
  readonly arena: DataView;
  readonly memory: DataView;
  readonly tables: readonly DataView[];

  constructor(module: Module, env: ProgramEnv) {
    this.module = module;
    this.env = env;
    this.arena = new DataView(env.arena);
    this.memory = new DataView(env.memory);
    this.tables = module.tables.map(({ storage, values }) => {
      const size = sizeOfStorage(storage);
      const view = new DataView(new ArrayBuffer(values.length * size));
      values.forEach((value, i) => {
        writeScalar(view, i * size, storage, storage === 'bool' ? value !== 0 : value);
      });
      return view;
    });
  }

  viewOf(place: Place): DataView {
    if (place.base === 'state') return this.memory;
    if (place.base === 'message') return this.arena;
    const table = this.tables[place.table ?? -1];
    if (table === undefined) throw new RangeError(`the module has no table ${place.table}`);
    return table;
  }

  baseOf(place: { readonly base: Place['base'] }, frame: Frame): number {
    if (place.base === 'table') return 0;
    if (place.base === 'message') return frame.header + headerBytes;
    return this.env.stateOffset + frame.self * this.env.stateStride;
  }
}
