import { mapChildren } from '../ir/rewrite.ts';
import type { Expression, IrFunction, ValueType } from '../ir/types.ts';
import { childExpressions } from '../ir/walk.ts';
import type { Made } from './history.ts';
import { isPlain, readsState } from './plain.ts';
import { local, newSite, type Scope } from './scope.ts';
import { randomValue } from './values.ts';

/** Operations in an expression that comes again, at most. */
const largest = 12;

/**
 * An expression that the function has already; null where none fits. Mostly one that reads what has changed since, so
 * that the optimiser finds not only values to share, but also values that are no longer the same.
 */
export function earlier(scope: Scope, type: ValueType | null): Expression | null {
  const { history, source } = scope;
  const fitting = history.recent.filter((made) => isOf(made, type) && fits(scope, made));
  const changed = source.chance(70) ? fitting.filter(({ e }) => history.hasChanged(e)) : [];
  const from = changed.length > 0 ? changed : fitting;
  return from.length === 0 ? null : source.pick(from).e;
}

/** The expression again, or one that differs from it in a single part. */
export function again(scope: Scope, e: Expression): Expression {
  const copy = copied(scope, e);
  return scope.source.chance(80) ? copy : varied(scope, copy);
}

/** Whether a function may be called here: it may loop, so not every one is where much is repeated already. */
export function mayCall(scope: Scope, fn: IrFunction): boolean {
  return scope.repeats <= 30 || isPlain(fn);
}

function isOf({ e }: Made, type: ValueType | null): boolean {
  return type === null || e.type === type;
}

/** Whether it is small, all that it needs is in sight, and it reads what the rounds of a section may read. */
function fits(scope: Scope, { e: whole, section }: Made): boolean {
  if (scope.section !== null && section !== scope.section && readsState(whole)) return false;
  let left = largest;
  const holds = (e: Expression): boolean => {
    if (--left < 0) return false;
    if (e.kind === 'local' && !scope.isVisible(e.id)) return false;
    if (e.kind === 'call' && !mayCall(scope, scope.callable[e.fn] as IrFunction)) return false;
    return childExpressions(e).every(holds);
  };
  return holds(whole);
}

/** A copy that faults at sites of its own. A part that a local was declared to have may become that local. */
function copied(scope: Scope, e: Expression): Expression {
  const name = scope.history.nameOf(e);
  if (name !== undefined && scope.isVisible(name.id) && scope.source.chance(40)) return local(name);
  const copy = mapChildren(e, (child) => copied(scope, child));
  const own = copy.kind === 'load' ? withOwnSites(scope, copy) : { ...copy };
  scope.history.addCopy(own, e);
  return own;
}

function withOwnSites(scope: Scope, e: Extract<Expression, { kind: 'load' }>): Expression {
  const indices = e.place.indices.map((index) => ({ ...index, site: newSite(scope) }));
  return { ...e, place: { ...e.place, indices } };
}

/** With another constant in it, or operands the other way round. What an index was proven to be stays. */
function varied(scope: Scope, e: Expression): Expression {
  const { source } = scope;
  if (e.kind === 'const') return { ...e, value: otherValue(scope, e) };
  if (e.kind === 'binary' && e.left.type === e.right.type && source.chance(30)) {
    return { ...e, left: e.right, right: e.left };
  }
  const children = childExpressions(e);
  if (e.kind === 'load' || children.length === 0) return e;
  const chosen = source.pick(children);
  return mapChildren(e, (child) => (child === chosen ? varied(scope, child) : child));
}

function otherValue(
  { source }: Scope,
  { type, value }: Extract<Expression, { kind: 'const' }>,
): number | bigint | boolean {
  const negated = (type === 'f32' || type === 'f64') && source.chance(50);
  return negated ? -value : randomValue(source, type);
}
