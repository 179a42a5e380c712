import type { Expression, Statement } from '../ir/types.ts';
import { childLists } from '../ir/walk.ts';
import { type Access, accessOf, overlaps, stretch } from './accesses.ts';

/** What an expression's value depends on, beyond its message: locals, and stretches of the state. */
export interface Dependencies {
  readonly locals: ReadonlySet<number>;
  readonly state: readonly Access[];
}

/** What statements change: locals, and stretches of the state. */
export interface Changes {
  readonly locals: Set<number>;
  readonly state: Access[];
}

/** `parts`: of the expressions inside it. `readers`: the functions that read the state. */
export function dependsOn(
  e: Expression,
  parts: readonly Dependencies[],
  readers: ReadonlySet<number>,
): Dependencies {
  const locals = new Set(parts.flatMap((part) => [...part.locals]));
  const state = parts.flatMap((part) => part.state);
  if (e.kind === 'local') locals.add(e.id);
  if (e.kind === 'load' && e.place.base === 'state') state.push(accessOf(e.place, false));
  if (e.kind === 'call' && readers.has(e.fn)) state.push(stretch('state', 0, Infinity));
  return { locals, state };
}

/** All that running the statements once or several times can change. */
export function changesOf(statements: readonly Statement[]): Changes {
  const changes: Changes = { locals: new Set(), state: [] };
  const visit = (s: Statement): void => {
    if ('id' in s) changes.locals.add(s.id);
    if ('index' in s) changes.locals.add(s.index);
    if (s.kind === 'store') changes.state.push(accessOf(s.place, true));
    if (s.kind === 'copy') changes.state.push(stretch('state', s.offset, s.size));
    for (const list of childLists(s)) list.forEach(visit);
  };
  statements.forEach(visit);
  return changes;
}

/** Whether what is changed may give the expression another value. */
export function touches(changes: Changes, { locals, state }: Dependencies): boolean {
  for (const id of locals) if (changes.locals.has(id)) return true;
  return state.some((read) => changes.state.some((written) => overlaps(read, written)));
}
