import { mapFunctions } from '../ir/rewrite.ts';
import type { Module } from '../ir/types.ts';
import { faultingFunctions, stateReaders } from './accesses.ts';
import { shareCommon } from './common.ts';
import { removeDeadCode } from './dead-code.ts';
import { foldList } from './fold.ts';
import { proveIndices } from './ranges.ts';
import { keepInRegisters } from './registers.ts';

/**
 * The module that does the same with less: constants computed, unreachable statements gone, fields that a loop uses in
 * locals, indices that can't be out of range marked `safe`, what is computed again and again computed once.
 */
export function optimize(module: Module): Module {
  const readers = stateReaders(module.functions);
  const proven = mapFunctions(module, (fn) => {
    const folded = { ...fn, body: removeDeadCode(foldList(fn.body)) };
    return proveIndices(keepInRegisters(folded, readers));
  });
  const faulting = faultingFunctions(proven.functions);
  return mapFunctions(proven, (fn) => shareCommon(fn, { readers, faulting }));
}
