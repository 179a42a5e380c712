import { mapChildren, mapFunctions, mapStatement } from '../ir/rewrite.ts';
import type { Expression, Module, Statement } from '../ir/types.ts';

const exact: ReadonlySet<string> = new Set([
  'abs',
  'min',
  'max',
  'clz',
  'mulhi',
  'rotl',
  'floor',
  'ceil',
  'trunc',
  'sqrt',
]);

/**
 * The module with exact functions in the place of those of class C, which every target computes within a tolerance
 * of its own: `trunc` for one argument, `min` for two.
 */
export function withoutTolerance(module: Module): Module {
  return mapFunctions(module, (fn) => ({ ...fn, body: inList(fn.body) }));
}

function inList(list: readonly Statement[]): readonly Statement[] {
  return list.map((s) => mapStatement(s, inExpression, inList));
}

function inExpression(e: Expression): Expression {
  const mapped = mapChildren(e, inExpression);
  if (mapped.kind !== 'math' || exact.has(mapped.fn)) return mapped;
  return { ...mapped, fn: mapped.args.length === 1 ? 'trunc' : 'min' };
}
