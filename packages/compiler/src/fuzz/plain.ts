import type { Expression, IrFunction, Statement } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';

/** Whether a function neither loops nor calls nor reads the state: so it may also be called in a section. */
export function isPlain({ body }: IrFunction): boolean {
  const plain = (e: Expression): boolean =>
    e.kind !== 'call' && !isStateLoad(e) && childExpressions(e).every(plain);
  const simple = (s: Statement): boolean =>
    s.kind !== 'loop' &&
    statementExpressions(s).every(plain) &&
    childLists(s).every((list) => list.every(simple));
  return body.every(simple);
}

/** Whether an expression loads from the state; what it calls is not looked into. */
export function readsState(e: Expression): boolean {
  return isStateLoad(e) || childExpressions(e).some(readsState);
}

function isStateLoad(e: Expression): boolean {
  return e.kind === 'load' && e.place.base === 'state';
}
