import { elementSize } from '../ir/element-size.ts';
import type { Expression, Module, Place, Storage } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { hasDigits, storageText, typeText, zero } from './literal.ts';

export function asWord(text: FunctionText, e: Expression): string {
  const value = expressionText(text, e);
  return e.type === 'u32' ? value : `(rk_u32)${value}`;
}

/** Where a scalar is, and the checks it takes to go there: an index, its length, its site. */
interface Access {
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
    name: text.keep('rk_u32', asWord(text, index.value)),
  }));
  const at = (unit: number): string => {
    const terms = indices.map(({ name, stride }) =>
      stride === unit ? name : `${name} * ${stride / unit}u`,
    );
    if (place.offset !== 0 || terms.length === 0) terms.unshift(`${place.offset / unit}u`);
    return terms.join(' + ');
  };
  return { at, checks: indices.filter(({ safe }) => !safe) };
}

/** Reads a place; what is out of range is 0 and a fault. */
export function loadText(text: FunctionText, place: Place, type: Expression['type']): string {
  const access = accessOf(text, place);
  const value = scalarText(text, place, access);
  if (access.checks.length === 0) return value;
  const name = text.temporary();
  text.line(`${typeText(type)} ${name} = ${zero(type)};`);
  guarded(text, access, `${name} = ${value};`);
  return name;
}

/** Records a fault for the first index that is out of range, else does it. */
export function guarded(text: FunctionText, { checks }: Access, action: string): void {
  const faults = checks.map(
    ({ name, length, site }) => `if (${name} >= ${length}u) ${text.fault(site, name)}`,
  );
  text.line([...faults, action].join(' else '));
}

/** Whether a table of floats is one of their bits, because not all have digits. */
export function hasBits({ storage, values }: Module['tables'][number]): boolean {
  if (storage !== 'f32' && storage !== 'f64') return false;
  return values.some((value) => !hasDigits(storage, Number(value)));
}

function scalarText(text: FunctionText, place: Place, access: Access): string {
  const { storage, base } = place;
  if (base === 'table') {
    const table = text.program.module.tables[place.table ?? -1];
    if (table === undefined) throw new RangeError(`the module has no table ${place.table}`);
    const element = `t${place.table}_${identifier(table.name)}[${access.at(elementSize(storage))}]`;
    if (!hasBits(table)) return widened(storage, element);
    return `${text.library(storage === 'f32' ? 'rk_f32_bits' : 'rk_f64_bits')}(${element})`;
  }
  const load = `${text.library('rk_load')}<${storageText(storage)}>`;
  return widened(storage, `${load}(rk->${base} + ${access.at(1)}${comment(place)})`);
}

/** What is stored, as the value that a handler sees. */
function widened(storage: Storage, value: string): string {
  switch (storage) {
    case 'bool':
      return `(${value} != 0)`;
    case 'u8':
    case 'u16':
      return `(rk_u32)${value}`;
    case 'i8':
    case 'i16':
      return `(rk_i32)${value}`;
    default:
      return value;
  }
}

/** Writes a scalar to a place of the state. */
export function writeText(
  text: FunctionText,
  base: string,
  { storage, at, note }: { storage: Storage; at: string; note: string },
  value: string,
): string {
  const type = storageText(storage);
  const stored = elementSize(storage) < 4 ? `(${type})${value}` : value;
  return `${text.library('rk_store')}<${type}>(${base} + ${at}${note}, ${stored});`;
}

/** The field as its user wrote it. */
export function comment({ path }: Place): string {
  return path.length === 0
    ? ''
    : ` /* ${path.map(identifier).join('.').replaceAll('.__', '[]')} */`;
}
