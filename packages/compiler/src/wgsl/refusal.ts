import { RingKernelError } from '@ringkernel/core';
import type { targetTitles } from '../diagnostics/codes.ts';
import type { Expression, Module, Statement, ValueType } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';

/** RK4001: the module needs a type that the target does not have. */
export class TargetError extends RingKernelError {
  static readonly code: keyof typeof targetTitles = 'RK4001';
  readonly actor: string;

  constructor(actor: string, target: string, type: ValueType, where: string) {
    super(TargetError.code, `${actor} needs ${type}, which ${target} does not have: ${where}`, {
      hint: `use f32, or launch ${actor} on a device that has ${type}`,
    });
    this.actor = actor;
  }
}

/** Where a module uses a type that fulfils the test in its code; null when nowhere. */
export function findType(
  module: Module,
  test: (type: ValueType) => boolean,
): { readonly type: ValueType; readonly where: string } | null {
  for (const fn of [...module.handlers, ...module.functions]) {
    const found = fn.locals.find((local) => test(local.type))?.type ?? inList(fn.body, test);
    if (found !== undefined) return { type: found, where: fn.name };
  }
  return null;
}

type Test = (type: ValueType) => boolean;

function inList(body: readonly Statement[], test: Test): ValueType | undefined {
  for (const s of body) {
    for (const e of statementExpressions(s)) {
      const found = inExpression(e, test);
      if (found !== undefined) return found;
    }
    for (const list of childLists(s)) {
      const found = inList(list, test);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function inExpression(e: Expression, test: Test): ValueType | undefined {
  if (test(e.type)) return e.type;
  for (const child of childExpressions(e)) {
    const found = inExpression(child, test);
    if (found !== undefined) return found;
  }
  return undefined;
}
