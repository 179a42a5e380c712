import {
  array,
  bool,
  type Fields,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  layoutOf,
  type StructLayout,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '@ringkernel/core';
import type { FaultSite, IrMessage, Module, Storage } from '../ir/types.ts';
import type { Source } from './source.ts';
import { randomValue } from './values.ts';

/** A module without its code. */
export interface ModuleSketch {
  readonly state: StructLayout;
  readonly messages: readonly IrMessage[];
  readonly emits: readonly IrMessage[];
  readonly tables: Module['tables'];
  readonly sites: FaultSite[];
  /** Whether values may be floats. */
  readonly floats: boolean;
}

const wholeTypes = [bool, u8, u16, u32, u64, i8, i16, i32, i64];
const allTypes = [...wholeTypes, f32, f64];
const tableStorages: readonly Storage[] = ['u8', 'i16', 'i32', 'u32', 'f32', 'f64', 'u64', 'i64'];

type Field = Fields[string];

export function sketchOf(source: Source, floats: boolean): ModuleSketch {
  const types = floats ? allTypes : wholeTypes;
  const pool = Array.from({ length: 3 }, () => composite(source, types));
  const ids = new Set<number>();
  const id = (): number => {
    const candidate = source.u32();
    if (ids.has(candidate)) return id();
    ids.add(candidate);
    return candidate;
  };
  const layout = (): StructLayout => layoutOf(fields(source, types, pool));
  const message = (name: string): IrMessage => ({
    name,
    id: id(),
    layout: layout(),
    ...(source.chance(50) ? { reply: { id: id(), layout: layout() } } : {}),
  });
  return {
    state: layoutOf({
      first: u32,
      ...fields(source, types, pool),
      ...fields(source, types, pool, 's'),
    }),
    messages: Array.from({ length: 1 + source.below(3) }, (_, i) => message(`Message${i}`)),
    emits: Array.from({ length: source.below(3) }, (_, i) => {
      return { name: `Event${i}`, id: id(), layout: layout() };
    }),
    tables: Array.from({ length: source.below(3) }, (_, i) => table(source, floats, `table${i}`)),
    sites: [{ code: '', at: '' }],
    floats,
  };
}

/** Fields of random types; some from the pool, so that whole copies find their like. */
function fields(
  source: Source,
  scalarTypes: typeof allTypes,
  pool: readonly Field[],
  prefix = 'f',
): Fields {
  const count = source.below(7);
  const entries = Array.from({ length: count }, (_, i) => {
    const type: Field = source.chance(35) ? source.pick(pool) : source.pick(scalarTypes);
    return [`${prefix}${i}`, type] as const;
  });
  return Object.fromEntries(entries);
}

function composite(source: Source, scalarTypes: typeof allTypes): Field {
  const element = source.pick(scalarTypes);
  const length = source.chance(20) ? 33 + source.below(40) : 1 + source.below(9);
  const plain = (): Fields => ({
    a: source.pick(scalarTypes),
    b: source.pick(scalarTypes),
    c: array(source.pick(scalarTypes), 1 + source.below(4)),
  });
  return source.weighted<Field>([
    [3, () => array(element, length)],
    [1, () => struct(plain())],
    [1, () => array(struct(plain()), 1 + source.below(4))],
  ]);
}

function table(source: Source, floats: boolean, name: string): Module['tables'][number] {
  const storage = source.pick(
    floats ? tableStorages : tableStorages.filter((name) => !name.startsWith('f')),
  );
  const type = storage === 'u8' ? 'u32' : storage === 'i16' ? 'i32' : storage;
  const narrow = (value: number | bigint | boolean): number | bigint => {
    if (storage === 'u8') return Number(value) & 255;
    if (storage === 'i16') return (Number(value) << 16) >> 16;
    return typeof value === 'boolean' ? Number(value) : value;
  };
  const length = 1 + source.below(6);
  return {
    name,
    storage,
    values: Array.from({ length }, () => narrow(randomValue(source, type as 'u32'))),
  };
}
