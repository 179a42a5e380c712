import { laneStart } from '../ir/lane-start.ts';
import type { Expression, Statement } from '../ir/types.ts';
import { evaluate } from './expression.ts';
import type { FunctionCode } from './function-code.ts';
import { lanesBytes } from './image.ts';
import { lesser } from './math.ts';
import { opcode } from './opcodes.ts';
import { instruction } from './operator.ts';
import { accesses, wasmType } from './types.ts';

type Parallel = Extract<Statement, { kind: 'parallel' }>;
type Reduce = Extract<Statement, { kind: 'reduce' }>;

/** Lanes of a reduction. */
const lanes = 64;

export function parallel(code: FunctionCode, s: Parallel, body: () => void): void {
  counted(code, s.count, code.local(s.index), body);
}

/** Rounds 0, 1, … below a count that is evaluated once. */
function counted(code: FunctionCode, count: Expression, index: number, body: () => void): void {
  const limit = code.temporary(count.type);
  evaluate(code, count);
  code.set(limit);
  code.word(0);
  code.set(index);
  const exit = code.open(opcode.block);
  const again = code.open(opcode.loop);
  code.get(index);
  code.get(limit);
  code.op(instruction('>=', count.type));
  code.branch(opcode.brIf, exit);
  body();
  code.get(index);
  code.word(1);
  code.op(opcode.i32Add);
  code.set(index);
  code.branch(opcode.br, again);
  code.close();
  code.close();
}

/** 64 lanes in the stage, each over every 64th index, and then a tree: the order in which a GPU adds them. */
export function reduce(code: FunctionCode, s: Reduce, body: () => void): void {
  const { load, store, size, alignment } = accesses[wasmType(s.type)];
  const start = code.program.stage.lanes + code.reductions * lanesBytes;
  const [lane, half] = [code.temporary('u32'), code.temporary('u32')];
  /** The address of the lane in `lane`, kept in `at` for the write. */
  const at = code.temporary('u32');
  const locate = (index: () => void): void => {
    index();
    code.word(size);
    code.op(opcode.i32Mul);
    code.global('stage');
    code.op(opcode.i32Add);
    code.tee(at);
  };
  const upTo = (limit: () => void, each: () => void): void => {
    code.word(0);
    code.set(lane);
    const again = code.open(opcode.loop);
    each();
    code.get(lane);
    code.word(1);
    code.op(opcode.i32Add);
    code.tee(lane);
    limit();
    code.op(opcode.i32LtU);
    code.branch(opcode.brIf, again);
    code.close();
  };
  const value = code.temporary(s.type);
  const merge = (): void => {
    code.set(value);
    code.get(at);
    code.get(at);
    code.memory(load, alignment, start);
    code.get(value);
    if (s.op === 'sum') code.op(instruction('+', s.type));
    else lesser(code, s.op, s.type);
    code.memory(store, alignment, start);
  };
  // The count is evaluated before the lanes are filled or after: it can't tell.
  upTo(
    () => code.word(lanes),
    () => {
      locate(() => code.get(lane));
      code.constant(s.type, laneStart(s.op, s.type));
      code.memory(store, alignment, start);
    },
  );
  code.reductions++;
  counted(code, s.count, code.local(s.index), () => {
    body();
    evaluate(code, s.value);
    code.set(value);
    locate(() => {
      code.get(code.local(s.index));
      code.word(lanes - 1);
      code.op(opcode.i32And);
    });
    code.op(opcode.drop);
    code.get(value);
    merge();
  });
  code.reductions--;
  code.word(lanes / 2);
  code.set(half);
  const again = code.open(opcode.loop);
  upTo(
    () => code.get(half),
    () => {
      code.get(lane);
      code.get(half);
      code.op(opcode.i32Add);
      code.word(size);
      code.op(opcode.i32Mul);
      code.global('stage');
      code.op(opcode.i32Add);
      code.memory(load, alignment, start);
      locate(() => code.get(lane));
      code.op(opcode.drop);
      merge();
    },
  );
  code.get(half);
  code.word(1);
  code.op(opcode.i32ShrU);
  code.tee(half);
  code.branch(opcode.brIf, again);
  code.close();
  code.global('stage');
  code.memory(load, alignment, start);
  code.set(code.local(s.id));
}
