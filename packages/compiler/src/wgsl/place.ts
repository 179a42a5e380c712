import { elementSize } from '../ir/element-size.ts';
import type { Expression, Place, Storage } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { readWord, writeWord } from './abi.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { typeText, zero } from './literal.ts';

export function asWord(text: FunctionText, e: Expression): string {
  const value = expressionText(text, e);
  return e.type === 'u32' ? value : `bitcast<u32>(${value})`;
}

/** Where a scalar is, and the checks it takes to go there: an index, its length, its site. */
export interface Access {
  readonly byte: string;
  /** In units of `unit` bytes from the start of the state, the payload or the table. */
  at(unit: number): string;
  readonly checks: readonly {
    readonly name: string;
    readonly length: number;
    readonly site: number;
  }[];
}

export function accessOf(text: FunctionText, place: Place): Access {
  const indices = place.indices.map((index) => ({
    ...index,
    name: text.keep(asWord(text, index.value)),
  }));
  const at = (unit: number): string => {
    const terms = indices.map(({ name, stride }) =>
      stride === unit ? name : `${name} * ${stride / unit}u`,
    );
    if (place.offset !== 0 || terms.length === 0) terms.push(`${place.offset / unit}u`);
    return terms.join(' + ');
  };
  return { at, byte: at(1), checks: indices.filter(({ safe }) => !safe) };
}

/** Reads a place; what is out of range is 0 and a fault. */
export function loadText(text: FunctionText, place: Place, type: Expression['type']): string {
  const access = accessOf(text, place);
  const value = scalarText(text, place, access);
  if (access.checks.length === 0) return value;
  const name = text.temporary();
  text.line(`var ${name}: ${typeText(type)} = ${zero(type)};`);
  guarded(text, access, `${name} = ${value};`);
  return name;
}

/** Records a fault for the first index that is out of range, else does it. */
export function guarded(text: FunctionText, { checks }: Access, action: string): void {
  const faults = checks.map(
    ({ name, length, site }) => `if (${name} >= ${length}u) { ${text.fault(site, name)} }`,
  );
  text.line([...faults, faults.length === 0 ? action : `{ ${action} }`].join(' else '));
}

export function tableName(text: FunctionText, index: number): string {
  const table = text.program.module.tables[index];
  if (table === undefined) throw new RangeError(`the module has no table ${index}`);
  return `t${index}_${identifier(table.name)}`;
}

function scalarText(text: FunctionText, place: Place, access: Access): string {
  const { storage, base } = place;
  const size = elementSize(storage);
  if (base === 'table') {
    const at = text.keep(access.at(size));
    return typed(storage, `${tableName(text, place.table ?? -1)}[${at}]`);
  }
  const [array, start] =
    base === 'state' ? (['states', 'rk_state'] as const) : (['memory', 'rk_message'] as const);
  if (size === 8) return `${text.library(`rk_${array}_wide`)}(${start} + ${access.at(4)})`;
  if (size === 4) {
    const { form } = text.program;
    return typed(storage, readWord(form, array, `${start} + ${access.at(4)}`));
  }
  const part = size === 1 ? 'byte' : 'half';
  return typed(storage, `${text.library(`rk_${array}_${part}`)}(${start}, ${access.byte})`);
}

/** A word from memory as the value that a handler sees. */
function typed(storage: Storage, word: string): string {
  switch (storage) {
    case 'bool':
      return `(${word} != 0u)`;
    case 'i8':
      return `(bitcast<i32>(${word} << 24u) >> 24u)`;
    case 'i16':
      return `(bitcast<i32>(${word} << 16u) >> 16u)`;
    case 'i32':
    case 'f32':
      return `bitcast<${storage}>(${word})`;
    default:
      return word;
  }
}

/** Writes a scalar at `start + byte offset` of `rk_states` or `rk_memory`. */
export function writeText(
  text: FunctionText,
  array: 'states' | 'memory',
  start: string,
  storage: Storage,
  at: (unit: number) => string,
  value: string,
): string {
  const size = elementSize(storage);
  const { form } = text.program;
  if (size === 8) {
    const target = `${start} + ${at(4)}`;
    const low = writeWord(form, array, target, `(${value}).x`);
    return `${low} ${writeWord(form, array, `${target} + 1u`, `(${value}).y`)}`;
  }
  const word =
    storage === 'bool'
      ? `u32(${value})`
      : /^[if]/u.test(storage)
        ? `bitcast<u32>(${value})`
        : value;
  if (size === 4) return writeWord(form, array, `${start} + ${at(4)}`, word);
  const set = text.library(`rk_${array}_set_${size === 1 ? 'byte' : 'half'}`);
  return `${set}(${start}, ${at(1)}, ${word});`;
}
