import { mapChildren, mapPlace, mapStatement } from '../ir/rewrite.ts';
import type { Expression, IrFunction, Place, Statement } from '../ir/types.ts';
import { childLists, isSection, type SectionStatement } from '../ir/walk.ts';
import { type Facts, rangeOf, refine } from './facts.ts';
import { fullRange, type Interval, join } from './interval.ts';

type Loop = Extract<Statement, { kind: 'loop' }>;

/** The rewritten statements, and what is known after them; null when nothing after them runs. */
interface Result {
  readonly statements: readonly Statement[];
  readonly facts: Facts | null;
}

/**
 * Follows the ranges of the i32 and u32 locals through a function and marks the indices that are proven to be in
 * range as `safe`, so that they need no check.
 */
export function proveIndices(fn: IrFunction): IrFunction {
  const types = new Map(fn.locals.map(({ id, type }) => [id, type]));
  const analysis = new Analysis((id) => types.get(id) === 'i32' || types.get(id) === 'u32');
  return { ...fn, body: analysis.list(fn.body, new Map()).statements };
}

class Analysis {
  readonly #isTracked: (id: number) => boolean;

  constructor(isTracked: (id: number) => boolean) {
    this.#isTracked = isTracked;
  }

  list(statements: readonly Statement[], start: Facts): Result {
    let facts: Facts | null = start;
    const done: Statement[] = [];
    for (const s of statements) {
      // What can't be reached is left as it is: dead code is another pass's.
      if (facts === null) done.push(s);
      else {
        const result: Result = this.#statement(s, facts);
        done.push(...result.statements);
        facts = result.facts;
      }
    }
    return { statements: done, facts };
  }

  #statement(s: Statement, facts: Facts): Result {
    switch (s.kind) {
      case 'let':
      case 'assign': {
        const value = s.value === null ? null : prove(facts, s.value);
        const range = value === null ? { low: 0, high: 0 } : rangeOf(facts, value);
        const statement = { ...s, value } as Statement;
        return { statements: [statement], facts: this.#set(facts, s.id, range) };
      }
      case 'store': {
        const statement = { ...s, place: provePlace(facts, s.place), value: prove(facts, s.value) };
        return { statements: [statement], facts };
      }
      case 'random':
        return { statements: [s], facts: this.#forget(facts, [s.id]) };
      case 'if':
        return this.#if(s, facts);
      case 'loop':
        return this.#loop(s, facts);
      case 'parallel':
      case 'reduce':
      case 'scan':
        return this.#section(s, facts);
      case 'break':
      case 'continue':
      case 'return':
      case 'fail':
        return { statements: [rewrite(s, facts)], facts: null };
      default:
        return { statements: [rewrite(s, facts)], facts };
    }
  }

  #if(s: Extract<Statement, { kind: 'if' }>, facts: Facts): Result {
    const condition = prove(facts, s.condition);
    const whenTrue = refine(facts, condition, true);
    const whenFalse = refine(facts, condition, false);
    const unreached = (list: readonly Statement[]): Result => ({ statements: list, facts: null });
    const yes = whenTrue === null ? unreached(s.then) : this.list(s.then, whenTrue);
    const no = whenFalse === null ? unreached(s.otherwise) : this.list(s.otherwise, whenFalse);
    const statement: Statement = {
      ...s,
      condition,
      then: yes.statements,
      otherwise: no.statements,
    };
    return { statements: [statement], facts: joinFacts(yes.facts, no.facts) };
  }

  /**
   * At the head nothing is known about what the loop assigns, except for a counter. What is known there holds in
   * every round and, as all ways out go through it or leave from a round, after the loop once the assigned locals
   * are forgotten.
   */
  #loop(s: Loop, facts: Facts): Result {
    const assigned = assignedIn([s]);
    let head = this.#forget(facts, assigned);
    const counter = counterOf(s, facts, head);
    if (counter !== null) head = this.#set(head, counter.id, counter.atHead);
    const condition = prove(head, s.condition);
    const inside = refine(head, condition, true);
    if (inside === null) return { statements: [{ ...s, condition }], facts: head };
    const body = this.list(s.body, inside);
    // A `continue` can come from anywhere in the body, so its assignments are forgotten before the step.
    const beforeStep = this.#forget(inside, assignedIn(s.body));
    const step = this.list(s.step, beforeStep);
    const statement: Statement = {
      ...s,
      condition,
      body: body.statements,
      step: step.statements,
    };
    return { statements: [statement], facts: head };
  }

  #section(s: SectionStatement, facts: Facts): Result {
    const count = prove(facts, s.count);
    const head = this.#forget(facts, assignedIn([s]));
    const { high } = rangeOf(facts, count);
    const inside = this.#set(head, s.index, { low: 0, high: Math.max(high - 1, 0) });
    const body = this.list(s.body, inside);
    if (s.kind === 'parallel') {
      return { statements: [{ ...s, count, body: body.statements }], facts: head };
    }
    const value = body.facts === null ? s.value : prove(body.facts, s.value);
    if (s.kind === 'reduce') {
      return { statements: [{ ...s, count, body: body.statements, value }], facts: head };
    }
    const then = this.list(s.then, inside).statements;
    return { statements: [{ ...s, count, body: body.statements, value, then }], facts: head };
  }

  #set(facts: Facts, id: number, range: Interval): Facts {
    return this.#isTracked(id) ? new Map(facts).set(id, range) : facts;
  }

  #forget(facts: Facts, ids: Iterable<number>): Facts {
    const rest = new Map(facts);
    for (const id of ids) rest.delete(id);
    return rest;
  }
}

function joinFacts(a: Facts | null, b: Facts | null): Facts | null {
  if (a === null) return b;
  if (b === null) return a;
  const both = new Map<number, Interval>();
  for (const [id, range] of a) {
    const other = b.get(id);
    if (other !== undefined) both.set(id, join(range, other));
  }
  return both;
}

/** The locals that these statements, and those inside them, give a value. */
function assignedIn(statements: readonly Statement[]): Set<number> {
  const ids = new Set<number>();
  const visit = (s: Statement): void => {
    if (s.kind === 'let' || s.kind === 'assign' || s.kind === 'random') ids.add(s.id);
    if (isSection(s)) ids.add(s.index);
    if (s.kind === 'reduce' || s.kind === 'scan') ids.add(s.id);
    for (const list of childLists(s)) list.forEach(visit);
  };
  statements.forEach(visit);
  return ids;
}

interface Counter {
  readonly id: number;
  readonly atHead: Interval;
}

/**
 * A local that only the step changes, once, by a constant, and that the condition bounds on the side it moves to.
 * At the head it lies between where it started and one step past the bound; if that could wrap, nothing is known.
 */
function counterOf(s: Loop, before: Facts, head: Facts): Counter | null {
  const steps = s.step.filter(({ kind }) => kind === 'assign');
  for (const step of steps) {
    if (step.kind !== 'assign' || step.value.kind !== 'binary') continue;
    const { op, left, right, type } = step.value;
    const { id } = step;
    if (left.kind !== 'local' || left.id !== id || right.kind !== 'const') continue;
    if ((op !== '+' && op !== '-') || (type !== 'i32' && type !== 'u32')) continue;
    const others = [...s.body, ...s.step.filter((other) => other !== step)];
    const change = (op === '+' ? 1 : -1) * Number(right.value);
    if (assignedIn(others).has(id) || change === 0) continue;
    const start = before.get(id) ?? fullRange(type);
    const bounded = boundOf(s.condition, id, change, start, head);
    if (bounded === null) continue;
    const full = fullRange(type);
    // In a round it is within `bounded`; the step moves it once more.
    const far = change > 0 ? bounded.high + change : bounded.low + change;
    if (far < full.low || far > full.high) continue;
    const atHead =
      change > 0
        ? { low: start.low, high: Math.max(start.high, far) }
        : { low: Math.min(start.low, far), high: start.high };
    return { id, atHead };
  }
  return null;
}

/** The counter's range inside the loop, from where it started and from what the condition says. */
function boundOf(
  condition: Expression,
  id: number,
  change: number,
  start: Interval,
  head: Facts,
): Interval | null {
  if (condition.kind !== 'binary') return null;
  const { op, left, right } = condition;
  if (op === '&&') {
    return boundOf(left, id, change, start, head) ?? boundOf(right, id, change, start, head);
  }
  if (left.kind !== 'local' || left.id !== id) return null;
  const limit = rangeOf(head, right);
  if (change > 0 && op === '<') return { low: start.low, high: limit.high - 1 };
  if (change > 0 && op === '<=') return { low: start.low, high: limit.high };
  if (change < 0 && op === '>') return { low: limit.low + 1, high: start.high };
  if (change < 0 && op === '>=') return { low: limit.low, high: start.high };
  return null;
}

function rewrite(s: Statement, facts: Facts): Statement {
  return mapStatement(
    s,
    (e) => prove(facts, e),
    (list) => list,
  );
}

/** Marks the indices in an expression that the facts prove. */
function prove(facts: Facts, e: Expression): Expression {
  if (e.kind === 'load') return { ...e, place: provePlace(facts, e.place) };
  if (e.kind === 'select') {
    const condition = prove(facts, e.condition);
    const whenTrue = prove(refine(facts, condition, true) ?? facts, e.whenTrue);
    const whenFalse = prove(refine(facts, condition, false) ?? facts, e.whenFalse);
    return { ...e, condition, whenTrue, whenFalse };
  }
  if (e.kind === 'binary' && (e.op === '&&' || e.op === '||')) {
    const left = prove(facts, e.left);
    const right = prove(refine(facts, left, e.op === '&&') ?? facts, e.right);
    return { ...e, left, right };
  }
  return mapChildren(e, (child) => prove(facts, child));
}

function provePlace(facts: Facts, place: Place): Place {
  const { indices, ...rest } = mapPlace(place, (e) => prove(facts, e));
  return {
    ...rest,
    indices: indices.map((index) => {
      const { low, high } = rangeOf(facts, index.value);
      return low >= 0 && high < index.length ? { ...index, safe: true } : index;
    }),
  };
}
