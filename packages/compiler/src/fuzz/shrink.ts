import { mapChildren, mapStatement } from '../ir/rewrite.ts';
import type { Expression, IrFunction, Module, Statement } from '../ir/types.ts';
import { validateModule } from '../ir/validate.ts';
import { childExpressions, childLists } from '../ir/walk.ts';
import type { Scenario } from './engine.ts';
import { hasRaces } from './races.ts';

export interface Failing {
  readonly module: Module;
  readonly scenario: Scenario;
}

/** How a candidate is tried. */
export interface Trial {
  fails(candidate: Failing): Promise<boolean>;
  /** Told of the candidates that are likely tried next, a handful at a time. */
  prepare?(candidates: readonly Failing[]): void;
}

/** Candidates that are prepared together; all after the first that fails are prepared in vain. */
const handful = 12;

/**
 * A smaller case that still fails: takes out messages, statements and operations one at a time for as long as that
 * works, and at most `attempts` times.
 */
export async function shrink(start: Failing, trial: Trial, attempts = 500): Promise<Failing> {
  let best = start;
  let left = attempts;
  for (;;) {
    const smaller = await firstFailing(best, trial, () => left-- > 0);
    if (smaller === null) return best;
    best = smaller;
  }
}

async function firstFailing(
  whole: Failing,
  trial: Trial,
  mayTry: () => boolean,
): Promise<Failing | null> {
  const all = candidates(whole);
  for (;;) {
    const next: Failing[] = [];
    for (let found = all.next(); !found.done; found = all.next()) {
      if (!mayTry()) break;
      const { module } = found.value;
      if (validateModule(module).length === 0 && !hasRaces(module)) next.push(found.value);
      if (next.length === (trial.prepare === undefined ? 1 : handful)) break;
    }
    if (next.length === 0) return null;
    trial.prepare?.(next);
    for (const candidate of next) if (await trial.fails(candidate)) return candidate;
  }
}

function* candidates({ module, scenario }: Failing): Generator<Failing> {
  for (const messages of withoutRuns(scenario.messages)) {
    yield { module, scenario: { ...scenario, messages } };
  }
  for (const key of ['handlers', 'functions'] as const) {
    for (const [i, fn] of module[key].entries()) {
      for (const smaller of smallerFunctions(fn)) {
        yield { module: { ...module, [key]: module[key].with(i, smaller) }, scenario };
      }
    }
  }
}

/** The list without its halves, its quarters, … and at last without each single item. */
function* withoutRuns<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let run = Math.ceil(list.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let i = 0; i < list.length; i += run) yield list.toSpliced(i, run);
  }
}

function* smallerFunctions(fn: IrFunction): Generator<IrFunction> {
  for (const body of smallerLists(fn.body)) yield { ...fn, body };
}

function* smallerLists(list: readonly Statement[]): Generator<readonly Statement[]> {
  yield* withoutRuns(list);
  for (const [i, s] of list.entries()) {
    for (const inner of childLists(s)) yield list.toSpliced(i, 1, ...inner);
    for (const smaller of smallerStatements(s)) yield list.with(i, smaller);
  }
}

function* smallerStatements(s: Statement): Generator<Statement> {
  const lists = childLists(s);
  for (const [i, list] of lists.entries()) {
    // The step of a loop stays, so that it still ends.
    if (s.kind === 'loop' && i === 1) continue;
    for (const smaller of smallerLists(list)) {
      let at = 0;
      yield mapStatement(s, same, (old) => (at++ === i ? smaller : old));
    }
  }
  if (s.kind === 'loop') return;
  yield* replacements((f) => mapStatement(s, f, (old) => old));
}

const same = (e: Expression): Expression => e;

/** Every way to make one of the expressions that `map` reaches smaller. */
function* replacements<T>(map: (f: (e: Expression) => Expression) => T): Generator<T> {
  const found: Expression[] = [];
  map((e) => {
    found.push(e);
    return e;
  });
  for (const [i, e] of found.entries()) {
    for (const smaller of smallerExpressions(e)) {
      let at = 0;
      yield map((old) => (at++ === i ? smaller : old));
    }
  }
}

function* smallerExpressions(e: Expression): Generator<Expression> {
  if (e.kind === 'const') return;
  const big = e.type === 'i64' || e.type === 'u64';
  const value = e.type === 'bool' ? false : big ? 0n : 0;
  yield { kind: 'const', type: e.type, value };
  for (const child of childExpressions(e)) if (child.type === e.type) yield child;
  yield* replacements((f) => mapChildren(e, f));
}
