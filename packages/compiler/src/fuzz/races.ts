import type { Expression, Module, Place, PlaceIndex, Statement } from '../ir/types.ts';
import {
  childExpressions,
  childLists,
  declaredLocals,
  isSection,
  type SectionStatement,
  statementExpressions,
} from '../ir/walk.ts';

/**
 * Whether rounds of a section could get into each other's way, as those of an actor that compiles never do: then
 * targets that run them at once may do otherwise than the interpreter. Functions are taken not to read the state.
 */
export function hasRaces({ handlers }: Module): boolean {
  const visit = (s: Statement): boolean =>
    isSection(s) ? sectionRaces(s) : childLists(s).some((list) => list.some(visit));
  return handlers.some(({ body }) => body.some(visit));
}

function sectionRaces(section: SectionStatement): boolean {
  const own = declaredLocals([section]);
  const reads: Place[] = [];
  const writes: Extract<Statement, { kind: 'store' }>[] = [];
  let foreign = false;
  const expression = (e: Expression): void => {
    if (e.kind === 'load' && e.place.base === 'state') reads.push(e.place);
    childExpressions(e).forEach(expression);
  };
  const statement = (s: Statement): void => {
    foreign ||= s.kind === 'assign' && !own.has(s.id);
    if (s.kind === 'store') writes.push(s);
    const [merged] = s.kind === 'store' && s.merge !== undefined ? [s.value] : [];
    for (const e of statementExpressions(s)) {
      if (s === section && e === section.count) continue; // evaluated once, before
      if (e !== merged) expression(e);
      else if (e.kind === 'binary') expression(e.right);
    }
    for (const list of childLists(s)) list.forEach(statement);
  };
  statement(section);
  const isOwn = ({ value }: PlaceIndex): boolean =>
    value.kind === 'local' && value.id === section.index;
  return (
    foreign ||
    writes.some(({ place, merge }) => {
      const stores = writes.filter((other) => sameLeaf(other.place, place));
      const loads = reads.filter((other) => sameLeaf(other, place));
      if (stores.some((other) => other.merge !== merge)) return true;
      if (merge !== undefined) return loads.length > 0;
      const all = [...stores.map((other) => other.place), ...loads];
      return !place.indices.some((_, d) =>
        all.every(({ indices }) => indices[d] !== undefined && isOwn(indices[d])),
      );
    })
  );
}

function sameLeaf(a: Place, b: Place): boolean {
  return a.path.join('.') === b.path.join('.');
}
