import type { ScalarName } from '@ringkernel/core';
import { bytesOf } from '../ir/leaves.ts';
import type { Expression, IrFunction, Place, Statement } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';

/** A stretch of the state or of the message that a loop reaches. */
export interface Access {
  readonly base: Place['base'];
  readonly start: number;
  readonly end: number;
  /** Of a scalar without an index; null: reached in another way. */
  readonly place: Place | null;
  readonly written: boolean;
}

/** A scalar that is reached in no other way than by its name. */
export interface KeptPlace {
  readonly place: Place;
  readonly written: boolean;
}

/** Narrower ones lose bits when they are stored. */
const kept: readonly ScalarName[] = ['bool', 'i32', 'u32', 'f32', 'i64', 'u64', 'f64'];

export function placeKey({ base, storage, offset, indices }: Place): string {
  return indices.length > 0 ? '' : `${base} ${storage} ${offset}`;
}

/**
 * The scalars of the state and the message that a loop may have in locals while it runs, in the order of use.
 * `readers`: the functions that read the state.
 */
export function keptPlaces(loop: Statement, readers: ReadonlySet<number>): readonly KeptPlace[] {
  const accesses: Access[] = [];
  let read = false;
  const expression = (e: Expression): void => {
    if (e.kind === 'load') accesses.push(accessOf(e.place, false));
    if (e.kind === 'call' && readers.has(e.fn)) read = true;
    childExpressions(e).forEach(expression);
  };
  const statement = (s: Statement): void => {
    statementExpressions(s).forEach(expression);
    if (s.kind === 'store') accesses.push(accessOf(s.place, true));
    if (s.kind === 'copy') accesses.push(stretch('state', s.offset, s.size), ...copied(s));
    if ('payload' in s) {
      for (const part of s.payload) if (part.kind === 'copy') accesses.push(...copied(part));
    }
    for (const list of childLists(s)) list.forEach(statement);
  };
  statement(loop);
  const found = new Map<string, KeptPlace>();
  for (const { place, base } of accesses) {
    if (place === null || base === 'table') continue;
    const key = placeKey(place);
    const own = accesses.filter((other) => other.place !== null && placeKey(other.place) === key);
    const written = own.some((access) => access.written);
    const alone = accesses.every((other) => own.includes(other) || !overlaps(other, own[0]));
    // Where a function reads the state it must be up to date.
    if (alone && !(written && read)) found.set(key, { place, written });
  }
  return [...found.values()];
}

/** The functions of a module that read the state, themselves or through those they call. */
export function stateReaders(functions: readonly IrFunction[]): ReadonlySet<number> {
  return functionsWith(functions, (e) => e.kind === 'load' && e.place.base === 'state');
}

/** The functions of a module that can record a fault, themselves or through those they call. */
export function faultingFunctions(functions: readonly IrFunction[]): ReadonlySet<number> {
  return functionsWith(
    functions,
    (e) => e.kind === 'load' && e.place.indices.some(({ safe }) => !safe),
  );
}

/** A function calls only functions before it. */
function functionsWith(
  functions: readonly IrFunction[],
  holds: (e: Expression) => boolean,
): ReadonlySet<number> {
  const found = new Set<number>();
  const expression = (e: Expression): boolean =>
    holds(e) || (e.kind === 'call' && found.has(e.fn)) || childExpressions(e).some(expression);
  const statement = (s: Statement): boolean =>
    statementExpressions(s).some(expression) || childLists(s).some((list) => list.some(statement));
  for (const [i, { body }] of functions.entries()) if (body.some(statement)) found.add(i);
  return found;
}

export function accessOf(place: Place, written: boolean): Access {
  const { base, storage, indices } = place;
  const single = indices.length === 0 && kept.includes(storage);
  return { base, ...bytesOf(place, indices), place: single ? place : null, written };
}

function copied({ from, size }: Pick<Extract<Statement, { kind: 'copy' }>, 'from' | 'size'>) {
  return [stretch(from.base, from.offset, size)];
}

export function stretch(base: 'state' | 'message', start: number, size: number): Access {
  return { base, start, end: start + size, place: null, written: false };
}

export function overlaps(a: Access, b: Access | undefined): boolean {
  return b !== undefined && a.base === b.base && a.start < b.end && b.start < a.end;
}
