import { mapFunctions } from '../ir/rewrite.ts';
import type { Module } from '../ir/types.ts';
import { stateReaders } from './accesses.ts';
import { removeDeadCode } from './dead-code.ts';
import { foldList } from './fold.ts';
import { proveIndices } from './ranges.ts';
import { keepInRegisters } from './registers.ts';

/**
 * The module that does the same with less: constants computed, unreachable statements gone, fields that a loop uses in
 * locals, indices that can't be out of range marked `safe`.
 */
export function optimize(module: Module): Module {
  const readers = stateReaders(module.functions);
  return mapFunctions(module, (fn) => {
    const folded = { ...fn, body: removeDeadCode(foldList(fn.body)) };
    return proveIndices(keepInRegisters(folded, readers));
  });
}
