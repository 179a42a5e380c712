import type { Expression, Module, Statement, ValueType } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';

/** JavaScript rounds an f32 after every step, and its 64-bit integers are bigints. */
const dear: readonly ValueType[] = ['f32', 'i64', 'u64'];

/** What WebAssembly has an instruction for; the other functions are JavaScript's on both. */
const isDear = (e: Expression): boolean =>
  dear.includes(e.type) &&
  (e.kind === 'binary' ||
    (e.kind === 'math' && ['sqrt', 'floor', 'ceil', 'trunc', 'min', 'max', 'abs'].includes(e.fn)));

/**
 * Where a module does what WebAssembly does faster than JavaScript, often enough to pay for going there: the name of
 * the first function or handler with f32, i64 or u64 arithmetic in a loop. Null: it is better off as JavaScript.
 */
export function webAssemblyGain(module: Module): string | null {
  const dearFunctions = module.functions.map(() => false);
  const computes = (e: Expression): boolean =>
    isDear(e) || (e.kind === 'call' && dearFunctions[e.fn] === true) || computesIn(e);
  const computesIn = (e: Expression): boolean => childExpressions(e).some(computes);
  const anywhere = (s: Statement): boolean =>
    statementExpressions(s).some(computes) || childLists(s).some((list) => list.some(anywhere));
  const inLoop = (s: Statement): boolean => {
    const repeats = ['loop', 'parallel', 'reduce', 'scan'].includes(s.kind);
    return (
      childLists(s).some((list) => list.some(repeats ? anywhere : inLoop)) ||
      (repeats && statementExpressions(s).some(computes)) ||
      ((s.kind === 'reduce' || s.kind === 'scan') && dear.includes(s.type))
    );
  };
  module.functions.forEach(({ body }, i) => {
    dearFunctions[i] = body.some(anywhere);
  });
  const found = [...module.handlers, ...module.functions].find(({ body }) => body.some(inLoop));
  return found?.name ?? null;
}
