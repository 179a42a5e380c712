import type { BinaryOperator, Expression } from '../ir/types.ts';
import {
  binaryRange,
  fullRange,
  type Interval,
  isWithin,
  join,
  mathRange,
  meet,
  storedRange,
} from './interval.ts';

/** What is known about the locals at one point of a function. */
export type Facts = ReadonlyMap<number, Interval>;

const isWord = (e: Expression): boolean => e.type === 'i32' || e.type === 'u32';

/** The range of an i32 or u32 expression. */
export function rangeOf(facts: Facts, e: Expression): Interval {
  const full = fullRange(e.type);
  switch (e.kind) {
    case 'const':
      return { low: Number(e.value), high: Number(e.value) };
    case 'local':
      return facts.get(e.id) ?? full;
    case 'load': {
      const stored = storedRange(e.place.storage);
      return stored ?? full;
    }
    case 'binary':
      if (!isWord(e.left) || !isWord(e.right)) return full;
      return binaryRange(e.op, e.type, rangeOf(facts, e.left), rangeOf(facts, e.right));
    case 'select': {
      const whenTrue = refine(facts, e.condition, true);
      const whenFalse = refine(facts, e.condition, false);
      if (whenTrue === null) return rangeOf(facts, e.whenFalse);
      if (whenFalse === null) return rangeOf(facts, e.whenTrue);
      return join(rangeOf(whenTrue, e.whenTrue), rangeOf(whenFalse, e.whenFalse));
    }
    case 'convert': {
      if (e.operand.type === 'bool') return { low: 0, high: 1 };
      if (!isWord(e.operand)) return full;
      const operand = rangeOf(facts, e.operand);
      return isWithin(operand, full) ? operand : full;
    }
    case 'math': {
      const [a, b] = e.args;
      if (a === undefined || !isWord(a)) return full;
      const second = b === undefined || !isWord(b) ? null : rangeOf(facts, b);
      return mathRange(e.fn, e.type, rangeOf(facts, a), second);
    }
    default:
      return full;
  }
}

const opposites: Partial<Record<BinaryOperator, BinaryOperator>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
};

const mirrored: Partial<Record<BinaryOperator, BinaryOperator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
};

/** The facts when the condition turned out as said; null when it can't. */
export function refine(facts: Facts, condition: Expression, outcome: boolean): Facts | null {
  if (condition.kind === 'const') return condition.value === outcome ? facts : null;
  if (condition.kind === 'unary' && condition.op === '!') {
    return refine(facts, condition.operand, !outcome);
  }
  if (condition.kind !== 'binary') return facts;
  const { op, left, right } = condition;
  // Both sides of a true `&&` are true, both sides of a false `||` are false.
  if (op === '&&' || op === '||') {
    if (outcome !== (op === '&&')) return facts;
    const first = refine(facts, left, outcome);
    return first === null ? null : refine(first, right, outcome);
  }
  const actual = outcome ? op : opposites[op];
  if (actual === undefined || !isWord(left) || !isWord(right)) return facts;
  const once = refineLocal(facts, left, actual, right);
  if (once === null) return null;
  return refineLocal(once, right, mirrored[actual] ?? actual, left);
}

function refineLocal(
  facts: Facts,
  target: Expression,
  op: BinaryOperator,
  other: Expression,
): Facts | null {
  if (target.kind !== 'local') return facts;
  const bound = rangeOf(facts, other);
  const own = rangeOf(facts, target);
  const allowed = allowedRange(op, own, bound);
  const narrowed = allowed === null ? own : meet(own, allowed);
  if (narrowed === null) return null;
  return new Map(facts).set(target.id, narrowed);
}

function allowedRange(op: BinaryOperator, own: Interval, bound: Interval): Interval | null {
  const { low, high } = own;
  switch (op) {
    case '<':
      return { low, high: bound.high - 1 };
    case '<=':
      return { low, high: bound.high };
    case '>':
      return { low: bound.low + 1, high };
    case '>=':
      return { low: bound.low, high };
    case '==':
      return bound;
    default:
      return null;
  }
}
