import type { BinaryOperator, Expression, ValueType } from '../ir/types.ts';
import { childExpressions } from '../ir/walk.ts';

/** Below this an expression is cheaper to compute again than to keep. */
const worthKeeping = 2;

const comparisons: ReadonlySet<BinaryOperator> = new Set(['<', '<=', '>', '>=', '==', '!=']);

/** Whether to keep the value of an expression that is needed again. Roughly: steps on the slowest target. */
export function isWorthKeeping(e: Expression): boolean {
  return costOf(e) >= worthKeeping;
}

function costOf(e: Expression): number {
  return ownCost(e) + childExpressions(e).reduce((sum, child) => sum + costOf(child), 0);
}

function ownCost(e: Expression): number {
  switch (e.kind) {
    case 'load':
      return 1 + e.place.indices.length;
    case 'binary':
      if (comparisons.has(e.op)) return isWide(e.left.type) ? 2 : 1;
      if (isWide(e.type)) return 4;
      return e.op === '/' || e.op === '%' ? 3 : isFloat(e.type) ? 2 : 1;
    case 'unary':
      return isWide(e.type) ? 3 : 1;
    case 'convert':
      return isWide(e.type) || isWide(e.operand.type) || isFloat(e.operand.type) ? 3 : 1;
    case 'math':
      return 3;
    case 'call':
    case 'now':
      return 4;
    case 'select':
    case 'at':
      return 2;
    default:
      return 0;
  }
}

/** 64-bit integers: bigints in JavaScript, two words in WGSL. */
function isWide(type: ValueType): boolean {
  return type === 'i64' || type === 'u64';
}

function isFloat(type: ValueType): boolean {
  return type === 'f32' || type === 'f64';
}
