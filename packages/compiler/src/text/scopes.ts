import type { Expression, IrFunction, Statement } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';

/**
 * The locals that can't be declared where they are first set, because something outside of that block uses them, or
 * because several statements set them up. They are declared at the top of the function.
 */
export function hoistedLocals(fn: IrFunction): Set<number> {
  const hoisted = new Set<number>();
  const declared = new Set<number>(fn.parameters);
  const visible: Set<number>[] = [new Set(fn.parameters)];

  const use = (id: number): void => {
    if (!visible.some((scope) => scope.has(id))) hoisted.add(id);
  };
  const declare = (id: number): void => {
    if (declared.has(id)) hoisted.add(id);
    declared.add(id);
    visible.at(-1)?.add(id);
  };
  const expression = (e: Expression): void => {
    if (e.kind === 'local') use(e.id);
    childExpressions(e).forEach(expression);
  };
  const list = (statements: readonly Statement[], first: number | null = null): void => {
    visible.push(new Set());
    if (first !== null) declare(first);
    statements.forEach(statement);
  };
  const statement = (s: Statement): void => {
    if (s.kind === 'reduce') {
      expression(s.count);
      list(s.body, s.index);
      expression(s.value);
      visible.pop();
      declare(s.id);
      return;
    }
    if (s.kind === 'scan') {
      expression(s.count);
      list(s.body, s.index);
      expression(s.value);
      visible.pop();
      list([], s.index);
      declare(s.id);
      s.then.forEach(statement);
      visible.pop();
      return;
    }
    statementExpressions(s).forEach(expression);
    if (s.kind === 'let' || s.kind === 'random') declare(s.id);
    if (s.kind === 'assign') use(s.id);
    for (const inner of childLists(s)) {
      list(inner, s.kind === 'parallel' ? s.index : null);
      visible.pop();
    }
  };
  fn.body.forEach(statement);
  return hoisted;
}
