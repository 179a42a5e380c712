import { mapStatement } from '../ir/rewrite.ts';
import type { Statement } from '../ir/types.ts';
import { mayFault } from '../ir/walk.ts';

/** Drops what can't be reached, branches that are decided, and branches with nothing in them. */
export function removeDeadCode(statements: readonly Statement[]): readonly Statement[] {
  const kept: Statement[] = [];
  for (const statement of statements) {
    for (const s of simplify(mapStatement(statement, (e) => e, removeDeadCode))) {
      kept.push(s);
      if (leaves(s)) return kept;
    }
  }
  return kept;
}

function simplify(s: Statement): readonly Statement[] {
  if (s.kind === 'if') {
    const { condition, then, otherwise } = s;
    if (condition.kind === 'const') return condition.value ? then : otherwise;
    if (then.length === 0 && otherwise.length === 0 && !mayFault(condition)) return [];
  }
  if (s.kind === 'loop' && s.condition.kind === 'const' && s.condition.value === false) return [];
  return [s];
}

/** Whether nothing after it in its list can run. */
function leaves(s: Statement): boolean {
  switch (s.kind) {
    case 'break':
    case 'continue':
    case 'return':
    case 'fail':
      return true;
    case 'if':
      return s.then.some(leaves) && s.otherwise.some(leaves);
    default:
      return false;
  }
}
