import { mapFunctions } from '../ir/rewrite.ts';
import type { Module } from '../ir/types.ts';
import { removeDeadCode } from './dead-code.ts';
import { foldList } from './fold.ts';
import { proveIndices } from './ranges.ts';

/**
 * The module that does the same with less: constants computed, indices that can't be out of range marked `safe`,
 * unreachable statements gone.
 */
export function optimize(module: Module): Module {
  return mapFunctions(module, (fn) => {
    const folded = { ...fn, body: removeDeadCode(foldList(fn.body)) };
    return proveIndices(folded);
  });
}
