import { mapChildren, mapStatement } from '../ir/rewrite.ts';
import type { Expression, IrFunction, Local, Statement } from '../ir/types.ts';
import { childExpressions, isSection, mayFault, statementExpressions } from '../ir/walk.ts';
import { isWorthKeeping } from './cost.ts';
import { Numbers } from './numbers.ts';
import { type Changes, changesOf, type Dependencies, touches } from './reach.ts';

/** A value that was computed, and can be kept before the statement that did it. */
interface Known {
  readonly e: Expression;
  readonly before: Statement;
  /** A local that has the value for ever already. */
  readonly local: number | null;
  readonly dependencies: Dependencies;
  /** The same value, computed again. */
  readonly again: Expression[];
}

/** What a call does besides giving a value. By index: functions that read the state, and that may fault. */
interface FunctionFacts {
  readonly readers: ReadonlySet<number>;
  readonly faulting: ReadonlySet<number>;
}

/** What to do with a value that was not known: keep it before the statement. */
interface First {
  readonly s: Statement;
  readonly added: Map<number, Known>;
  /** That the statement sets to the value, once and for ever. */
  readonly local: number | null;
}

/** By number: see `Numbers`. */
type Available = ReadonlyMap<number, Known>;

/**
 * Computes once what a function computes several times: the first time into a local. Only what can't fault, so that
 * faults stay where they are; only what is evaluated for sure the first time, so that nothing is computed in vain.
 * Sections, whose rounds run elsewhere, are left alone.
 */
export function shareCommon(fn: IrFunction, functions: FunctionFacts): IrFunction {
  const body = fn.body.map(copied);
  const search = new Search(body, functions);
  search.list(body, new Map());
  const kept = search.found.filter(({ again }) => again.length > 0);
  if (kept.length === 0) return fn;
  let next = Math.max(-1, ...fn.locals.map(({ id }) => id)) + 1;
  const added: Local[] = [];
  const instead = new Map<Expression, Expression>();
  const inserted = new Map<Statement, Known[]>();
  for (const known of kept) {
    const { type } = known.e;
    const id = known.local ?? next++;
    for (const e of known.again) instead.set(e, { kind: 'local', type, id });
    if (known.local !== null) continue;
    instead.set(known.e, { kind: 'local', type, id });
    added.push({ id, name: 'common', type });
    inserted.set(known.before, [...(inserted.get(known.before) ?? []), known]);
  }
  const expression = (e: Expression): Expression => instead.get(e) ?? mapChildren(e, expression);
  const list = (statements: readonly Statement[]): readonly Statement[] =>
    statements.flatMap((s) => {
      const lets = (inserted.get(s) ?? []).map(({ e }): Statement => {
        const { id } = instead.get(e) as Extract<Expression, { kind: 'local' }>;
        const at = s.location === undefined ? {} : { location: s.location };
        return { kind: 'let', id, value: mapChildren(e, expression), ...at };
      });
      return [...lets, mapStatement(s, expression, list)];
    });
  return { ...fn, locals: [...fn.locals, ...added], body: list(body) };
}

/** A copy in which every expression is an object of its own, so that each can be replaced alone. */
function copied(s: Statement): Statement {
  const expression = (e: Expression): Expression => ({ ...mapChildren(e, expression) });
  return { ...mapStatement(s, expression, (list) => list.map(copied)) };
}

/** Walks a function in the order it runs, with what is known at each point. */
class Search {
  /** Children before what they are part of. */
  readonly found: Known[] = [];
  readonly #functions: FunctionFacts;
  readonly #numbers: Numbers;

  constructor(body: readonly Statement[], functions: FunctionFacts) {
    this.#functions = functions;
    this.#numbers = new Numbers(body, functions.readers);
  }

  /** What is known behind the statements. */
  list(statements: readonly Statement[], before: Available): Available {
    let available = before;
    for (const s of statements) available = this.#statement(s, available);
    return available;
  }

  #statement(s: Statement, before: Available): Available {
    if (isSection(s)) return without(before, changesOf([s]));
    if (s.kind === 'loop') {
      const around = without(before, changesOf([s]));
      this.#expression(s.condition, around, null);
      this.list(s.body, around);
      // A step that only assigns makes a `for` in JavaScript, and `continue` gets there from anywhere in the body.
      for (const step of s.step) {
        for (const e of statementExpressions(step)) this.#expression(e, around, null);
      }
      return around;
    }
    const added = new Map(before);
    const local = s.kind === 'let' && this.#numbers.isSetOnce(s.id) ? s.id : null;
    for (const e of statementExpressions(s)) this.#expression(e, added, { s, added, local });
    if (s.kind === 'if') {
      this.list(s.then, added);
      this.list(s.otherwise, added);
    }
    return without(added, changesOf([s]));
  }

  /** `first`: where values are kept that were not known; null where the expression may not be evaluated. */
  #expression(e: Expression, available: Available, first: First | null): void {
    if (e.kind === 'local') return;
    const number = this.#numbers.of(e);
    const known = available.get(number);
    if (known !== undefined) {
      known.again.push(e);
      return;
    }
    const part = first === null ? null : { ...first, local: null };
    childExpressions(e).forEach((child, i) => {
      this.#expression(child, available, isConditional(e, i) ? null : part);
    });
    if (first === null || !isWorthKeeping(e) || this.#mayFault(e)) return;
    const dependencies = this.#numbers.dependencies(number);
    const made: Known = { e, before: first.s, local: first.local, dependencies, again: [] };
    this.found.push(made);
    first.added.set(number, made);
  }

  #mayFault(e: Expression): boolean {
    return mayFault(e, this.#functions.faulting);
  }
}

/** Whether a child is evaluated only sometimes. */
function isConditional(e: Expression, child: number): boolean {
  if (e.kind === 'select') return child > 0;
  return e.kind === 'binary' && (e.op === '&&' || e.op === '||') && child === 1;
}

function without(available: Available, changes: Changes): Available {
  const left = [...available].filter(([, { dependencies }]) => !touches(changes, dependencies));
  return left.length === available.size ? available : new Map(left);
}
