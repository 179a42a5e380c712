import { valueTypeOf } from '../ir/operators.ts';
import { mapChildren, mapStatement } from '../ir/rewrite.ts';
import type { Expression, IrFunction, Local, Place, Statement } from '../ir/types.ts';
import { childLists } from '../ir/walk.ts';
import { type KeptPlace, keptPlaces, placeKey } from './accesses.ts';

type Loop = Extract<Statement, { kind: 'loop' }>;

/** The local that stands for a place while a loop runs. */
interface Register {
  readonly local: Local;
  readonly place: Place;
  readonly written: boolean;
}

/**
 * Keeps fields of the state and of the message that a loop uses in locals while it runs: read before it, and written
 * back behind it and wherever the handler is left. Nobody else sees the state while a handler runs; what the loop
 * reaches in another way too (an index, a copy, a function) stays in memory. A loop in a parallel section or with one
 * inside is left alone: there several lanes share the state.
 */
export function keepInRegisters(fn: IrFunction, readers: ReadonlySet<number>): IrFunction {
  const added: Local[] = [];
  let next = Math.max(-1, ...fn.locals.map(({ id }) => id)) + 1;
  const newLocal = (place: Place): Local => {
    const local = { id: next++, name: place.path.join('_'), type: valueTypeOf(place.storage) };
    added.push(local);
    return local;
  };
  // A function can be called for any message, so what it would read before a loop that does not run may not be there.
  const places = (loop: Loop): readonly KeptPlace[] =>
    keptPlaces(loop, readers).filter(({ place }) => fn.result === null || place.base === 'state');
  const list = (statements: readonly Statement[]): readonly Statement[] =>
    statements.flatMap((s): readonly Statement[] => {
      if (s.kind === 'loop' && !hasSection(s)) return rewriteLoop(s, places(s), newLocal);
      if (isSection(s)) return [s];
      return [mapStatement(s, (e) => e, list)];
    });
  const body = list(fn.body);
  return added.length === 0 ? fn : { ...fn, locals: [...fn.locals, ...added], body };
}

function isSection({ kind }: Statement): boolean {
  return kind === 'parallel' || kind === 'reduce' || kind === 'scan';
}

function hasSection(s: Statement): boolean {
  return isSection(s) || childLists(s).some((list) => list.some(hasSection));
}

function rewriteLoop(
  loop: Loop,
  places: readonly KeptPlace[],
  newLocal: (place: Place) => Local,
): readonly Statement[] {
  const registers = new Map<string, Register>();
  for (const { place, written } of places) {
    registers.set(placeKey(place), { local: newLocal(place), place, written });
  }
  if (registers.size === 0) return [loop];
  const all = [...registers.values()];
  const read = all.map(({ local, place }): Statement => {
    return { kind: 'let', id: local.id, value: { kind: 'load', type: local.type, place } };
  });
  const write = all
    .filter(({ written }) => written)
    .map(({ local: { id, type }, place }): Statement => {
      return { kind: 'store', place, value: { kind: 'local', type, id } };
    });
  const expression = (e: Expression): Expression => {
    const register = e.kind === 'load' ? registers.get(placeKey(e.place)) : undefined;
    if (register === undefined) return mapChildren(e, expression);
    return { kind: 'local', type: register.local.type, id: register.local.id };
  };
  const statement = (s: Statement): readonly Statement[] => {
    const register = s.kind === 'store' ? registers.get(placeKey(s.place)) : undefined;
    if (s.kind === 'store' && register !== undefined) {
      const at = s.location === undefined ? {} : { location: s.location };
      return [{ kind: 'assign', id: register.local.id, value: expression(s.value), ...at }];
    }
    const mapped = mapStatement(s, expression, (inner) => inner.flatMap(statement));
    return s.kind === 'return' || s.kind === 'fail' ? [...write, mapped] : [mapped];
  };
  return [...read, ...statement(loop), ...write];
}
