import type { Expression, Place, ValueType } from '../ir/types.ts';
import { evaluate } from './expression.ts';
import { type FunctionCode, selfLocal } from './function-code.ts';
import { headerBytes } from './image.ts';
import { opcode } from './opcodes.ts';
import { accesses } from './types.ts';

/** An index: the local it was put into, or null when it is evaluated where it is used. */
type Kept = number | null;

/** Reads a place; what is out of range is 0 and a fault. All indices are evaluated before the first is checked. */
export function load(code: FunctionCode, place: Place, type: ValueType): void {
  const { load: instruction, alignment } = accesses[place.storage];
  const kept = keepIndices(code, place);
  const checks = openChecks(code, place, kept, type);
  address(code, place, kept);
  code.memory(instruction, alignment, fixedOffset(code, place));
  // A stored bool is true whatever is not 0, as a typed array would have it.
  if (place.storage === 'bool') code.op(opcode.i32Eqz, opcode.i32Eqz);
  closeChecks(code, checks, () => code.constant(type, 0));
}

/** Indices, then the value, then the checks, then the write. */
export function store(code: FunctionCode, place: Place, value: Expression): void {
  const { store: instruction, alignment } = accesses[place.storage];
  const kept = keepIndices(code, place);
  const offset = fixedOffset(code, place);
  if (place.indices.every(({ safe }) => safe)) {
    address(code, place, kept);
    evaluate(code, value);
    code.memory(instruction, alignment, offset);
    return;
  }
  const result = code.temporary(value.type);
  evaluate(code, value);
  code.set(result);
  const checks = openChecks(code, place, kept, null);
  address(code, place, kept);
  code.get(result);
  code.memory(instruction, alignment, offset);
  closeChecks(code, checks, () => {});
}

/** A single safe index needs no local: it is neither checked nor evaluated before another. */
function keepIndices(code: FunctionCode, { indices }: Place): Kept[] {
  const [only] = indices;
  if (indices.length === 1 && only?.safe === true) return [null];
  return indices.map(({ value }) => {
    if (value.kind === 'const') return null;
    const local = code.temporary(value.type);
    evaluate(code, value);
    code.set(local);
    return local;
  });
}

function indexValue(code: FunctionCode, value: Expression, kept: Kept): void {
  if (kept === null) evaluate(code, value);
  else code.get(kept);
}

interface Check {
  readonly site: number;
  readonly repeat: () => void;
}

/** One `if` inside the other for each index that has to be checked. */
function openChecks(
  code: FunctionCode,
  { indices }: Place,
  kept: readonly Kept[],
  result: ValueType | null,
): Check[] {
  const checks: Check[] = [];
  indices.forEach(({ value, length, safe, site }, i) => {
    if (safe) return;
    const repeat = (): void => indexValue(code, value, kept[i] ?? null);
    repeat();
    code.word(length);
    code.op(opcode.i32LtU);
    code.open(opcode.if, result);
    checks.push({ site, repeat });
  });
  return checks;
}

function closeChecks(code: FunctionCode, checks: readonly Check[], miss: () => void): void {
  for (const { site, repeat } of checks.toReversed()) {
    code.otherwise();
    code.get(selfLocal);
    code.word(site);
    repeat();
    code.call('fault');
    miss();
    code.close();
  }
}

/** Where the memory of the place starts, plus what the indices add. */
function address(code: FunctionCode, place: Place, kept: readonly Kept[]): void {
  if (place.base === 'state') code.state();
  else code.global('stage');
  place.indices.forEach(({ value, stride }, i) => {
    indexValue(code, value, kept[i] ?? null);
    if (stride !== 1) {
      code.word(stride);
      code.op(opcode.i32Mul);
    }
    code.op(opcode.i32Add);
  });
}

/** The part of the address that is known now. */
function fixedOffset({ program }: FunctionCode, place: Place): number {
  if (place.base === 'state') return place.offset;
  if (place.base === 'message') return program.stage.message + headerBytes + place.offset;
  const table = program.tables[place.table ?? -1];
  if (table === undefined) throw new RangeError(`the module has no table ${place.table}`);
  return table + place.offset;
}
