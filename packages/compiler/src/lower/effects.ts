import type { Expression, Statement } from '../ir/types.ts';
import { childExpressions, mayFault } from '../ir/walk.ts';

/** Whether statements change what an expression made before them may read. Locals from `fresh` on are their own. */
export function changes(statements: readonly Statement[], fresh: number): boolean {
  return statements.some((statement) => {
    switch (statement.kind) {
      case 'store':
      case 'copy':
        return true;
      case 'assign':
        return statement.id < fresh;
      case 'if':
        return changes(statement.then, fresh) || changes(statement.otherwise, fresh);
      case 'loop':
        return changes(statement.body, fresh) || changes(statement.step, fresh);
      case 'parallel':
      case 'reduce':
        return changes(statement.body, fresh);
      case 'scan':
        return changes(statement.body, fresh) || changes(statement.then, fresh);
      default:
        return false;
    }
  });
}

/**
 * Whether an expression must be evaluated before statements that come later in JavaScript's order: they change what
 * it reads, or it can fault and its fault comes first.
 */
export function mustPrecede(
  e: Expression,
  statements: readonly Statement[],
  fresh: number,
): boolean {
  if (e.kind === 'const' || statements.length === 0) return false;
  return changes(statements, fresh) || mayFault(e);
}

export function readsState(e: Expression): boolean {
  if (e.kind === 'load' && e.place.base === 'state') return true;
  return childExpressions(e).some(readsState);
}
