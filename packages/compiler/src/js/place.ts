import { elementSize } from '../ir/element-size.ts';
import type { Expression, Place, PlaceIndex } from '../ir/types.ts';
import { mayFault } from '../ir/walk.ts';
import { expressionCode } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { atom, type Code, levels, wrapped } from './text.ts';
import { tableName } from './views.ts';

interface IndexCode {
  /** `i0 = a + b`, or null when the index is read as it stands. */
  readonly setup: string | null;
  /** The condition under which it is in range; null when it always is. */
  readonly inRange: string | null;
  readonly name: string;
  readonly site: number;
}

export interface Access {
  /** `stateU32[s4 + 3 + i0]` */
  readonly element: string;
  /** Of every index, checked or not, in order. */
  readonly setups: readonly string[];
  readonly checks: readonly IndexCode[];
}

function isStable(e: Expression): boolean {
  return e.kind === 'const' || e.kind === 'local' || e.kind === 'index';
}

/** How to reach a scalar in memory. */
export function accessOf(text: FunctionText, place: Place): Access {
  const size = elementSize(place.storage);
  const terms = [...(place.base === 'table' ? [] : [baseOf(text, place.base, size)])];
  if (place.offset !== 0 || (terms.length === 0 && place.indices.length === 0)) {
    terms.push(String(place.offset / size));
  }
  const indices = place.indices.map((index) => indexOf(text, index, place.indices.length === 1));
  place.indices.forEach(({ stride }, i) => {
    const name = indices[i]?.name ?? '0';
    terms.push(stride === size ? name : `${name} * ${stride / size}`);
  });
  const view =
    place.base === 'table'
      ? tableName(text.program.module, place)
      : text.program.views.use(place.base === 'state' ? 'state' : 'arena', place.storage);
  const comment =
    place.base === 'table' || place.path.length === 0 ? '' : ` /* ${pathOf(place)} */`;
  return {
    element: `${view}[${terms.join(' + ')}${comment}]`,
    setups: indices.flatMap(({ setup }) => setup ?? []),
    checks: indices.filter(({ inRange }) => inRange !== null),
  };
}

/**
 * An index is read where it stands when reading it twice costs nothing, or when it is read once. But one that can
 * fault itself is evaluated before any other is checked.
 */
function indexOf(text: FunctionText, index: PlaceIndex, single: boolean): IndexCode {
  const { value, length, safe, site } = index;
  const code = expressionCode(text, value);
  const inline = isStable(value) || (safe && (single || !mayFault(value)));
  const name = inline ? wrapped(code, levels.product) : text.temporary();
  const setup = inline ? null : `${name} = ${wrapped(code, levels.assignment)}`;
  const unsigned = value.type === 'u32' ? name : `${name} >>> 0`;
  return { setup, inRange: safe ? null : `${unsigned} < ${length}`, name, site };
}

function pathOf(place: Place): string {
  const path = place.path.reduce((left, part) => (part === '[]' ? `${left}[]` : `${left}.${part}`));
  return path.replace(/\*\//gu, '');
}

function baseOf(text: FunctionText, base: 'state' | 'message', size: 1 | 2 | 4 | 8): string {
  return base === 'state' ? text.stateBase(size) : text.messageBase(size);
}

/** Reads a place; what is out of range is 0 and a fault. */
export function loadCode(text: FunctionText, place: Place): Code {
  const { element, setups, checks } = accessOf(text, place);
  const big = place.storage === 'u64' || place.storage === 'i64';
  let code = atom(element);
  for (const { inRange, name, site } of checks.toReversed()) {
    const miss = `${text.library(big ? 'miss64' : 'miss')}(self, ${site}, ${name})`;
    const inner = wrapped(code, levels.conditional);
    code = { text: `${inRange} ? ${inner} : ${miss}`, level: levels.conditional };
  }
  if (setups.length > 0) {
    const all = [...setups, wrapped(code, levels.assignment)].join(', ');
    code = { text: all, level: levels.sequence };
  }
  if (place.storage !== 'bool') return code;
  return { text: `${wrapped(code, levels.relation)} !== 0`, level: levels.equality };
}
