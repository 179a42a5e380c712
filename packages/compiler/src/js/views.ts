import type { ElementSize } from '../ir/element-size.ts';
import type { Module, Place, Storage } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';

/** The typed array that holds scalars of each storage. */
const elements: Readonly<Record<Storage, { name: string; array: string }>> = {
  bool: { name: 'U8', array: 'Uint8Array' },
  u8: { name: 'U8', array: 'Uint8Array' },
  i8: { name: 'I8', array: 'Int8Array' },
  u16: { name: 'U16', array: 'Uint16Array' },
  i16: { name: 'I16', array: 'Int16Array' },
  u32: { name: 'U32', array: 'Uint32Array' },
  i32: { name: 'I32', array: 'Int32Array' },
  f32: { name: 'F32', array: 'Float32Array' },
  u64: { name: 'U64', array: 'BigUint64Array' },
  i64: { name: 'I64', array: 'BigInt64Array' },
  f64: { name: 'F64', array: 'Float64Array' },
};

/** The typed arrays over `env.memory` and `env.arena` that a program uses: `stateU32`, `arenaF32`. */
export class Views {
  readonly #used = new Map<string, string>();
  readonly #sizes = new Set<ElementSize>();

  use(memory: 'state' | 'arena', storage: Storage): string {
    const { name, array } = elements[storage];
    const view = `${memory}${name}`;
    const buffer = memory === 'state' ? 'env.memory' : 'env.arena';
    this.#used.set(view, `const ${view} = new ${array}(${buffer});`);
    return view;
  }

  /** Instance 0's state and the distance to the next one's, in elements of this size. */
  useState(size: ElementSize): { readonly start: string; readonly step: string } {
    this.#sizes.add(size);
    return { start: `state${size}`, step: `stride${size}` };
  }

  text(): string[] {
    const views = [...this.#used.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const sizes = [...this.#sizes].sort((a, b) => a - b);
    return [
      ...views.map(([, text]) => text),
      ...sizes.flatMap((size) => [
        `const state${size} = env.stateOffset / ${size};`,
        `const stride${size} = env.stateStride / ${size};`,
      ]),
    ];
  }
}

export function tableName(module: Module, place: Place): string {
  const index = place.table ?? -1;
  const table = module.tables[index];
  if (table === undefined) throw new RangeError(`the module has no table ${index}`);
  return `t${index}_${identifier(table.name)}`;
}

/** The constant tables as typed arrays. */
export function tablesText(module: Module): string[] {
  return module.tables.map(({ name, storage, values }, i) => {
    const isBig = storage === 'u64' || storage === 'i64';
    const list = values.map((value) => (isBig ? `${BigInt(value)}n` : number(Number(value))));
    return `const t${i}_${identifier(name)} = new ${elements[storage].array}([${list.join(', ')}]);`;
  });
}

/** A number as JavaScript text, without the global names of NaN and infinity. */
export function number(value: number): string {
  if (Number.isNaN(value)) return '0 / 0';
  if (!Number.isFinite(value)) return value > 0 ? '1 / 0' : '-1 / 0';
  return Object.is(value, -0) ? '-0' : String(value);
}
