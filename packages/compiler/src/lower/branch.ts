import type { Expression, Statement } from '../ir/types.ts';

/** An `if` statement. */
export function branch(
  condition: Expression,
  then: readonly Statement[],
  otherwise: readonly Statement[] = [],
): Statement {
  return { kind: 'if', condition, then, otherwise };
}
