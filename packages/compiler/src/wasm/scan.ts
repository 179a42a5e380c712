import type { Statement } from '../ir/types.ts';
import { evaluate } from './expression.ts';
import type { FunctionCode } from './function-code.ts';
import { lanesBytes } from './image.ts';
import { lesser } from './math.ts';
import { opcode } from './opcodes.ts';
import { instruction } from './operator.ts';
import { accesses, wasmType } from './types.ts';

type Scan = Extract<Statement, { kind: 'scan' }>;

const tileSize = 64;

/** Tiles of 64 lanes in the stage, in each of which sums double their reach six times: the order of every target. */
export function scan(
  code: FunctionCode,
  s: Scan,
  { body, then }: { readonly body: () => void; readonly then: () => void },
): void {
  const { load, store, size, alignment } = accesses[wasmType(s.type)];
  const start = code.program.stage.lanes + code.reductions * lanesBytes;
  const [count, first] = [code.temporary(s.count.type), code.temporary('u32')];
  const [tile, lane] = [code.temporary('u32'), code.temporary('u32')];
  const [carry, value] = [code.temporary(s.type), code.temporary(s.type)];
  /** The address of the lane that is on the stack. */
  const address = (): void => {
    code.word(size);
    code.op(opcode.i32Mul);
    code.global('stage');
    code.op(opcode.i32Add);
  };
  const own = (): void => {
    code.get(lane);
    address();
  };
  const read = (): void => code.memory(load, alignment, start);
  const write = (): void => code.memory(store, alignment, start);
  const add = (): void => code.op(instruction('+', s.type));
  const each = (round: () => void): void => {
    code.word(0);
    code.set(lane);
    const again = code.open(opcode.loop);
    round();
    moved(code, lane, 1);
    code.get(lane);
    code.get(tile);
    code.op(opcode.i32LtU);
    code.branch(opcode.brIf, again);
    code.close();
  };
  const index = (): void => {
    code.get(first);
    code.get(lane);
    code.op(opcode.i32Add);
    code.set(code.local(s.index));
  };
  evaluate(code, s.count);
  code.set(count);
  code.constant(s.type, 0);
  code.set(carry);
  code.word(0);
  code.set(first);
  const exit = code.open(opcode.block);
  const again = code.open(opcode.loop);
  code.get(first);
  code.get(count);
  code.op(instruction('>=', s.count.type));
  code.branch(opcode.brIf, exit);
  code.get(count);
  code.get(first);
  code.op(opcode.i32Sub);
  code.word(tileSize);
  lesser(code, 'min', 'u32');
  code.set(tile);
  code.reductions++;
  each(() => {
    index();
    body();
    evaluate(code, s.value);
    code.set(value);
    own();
    code.get(value);
    write();
  });
  code.reductions--;
  double(code, tile, lane, (distance) => {
    own();
    code.get(lane);
    code.get(distance);
    code.op(opcode.i32Sub);
    address();
    read();
    own();
    read();
    add();
    write();
  });
  each(() => {
    own();
    code.get(carry);
    own();
    read();
    add();
    write();
  });
  code.get(tile);
  code.word(1);
  code.op(opcode.i32Sub);
  address();
  read();
  code.set(carry);
  code.reductions++;
  each(() => {
    index();
    own();
    read();
    code.set(code.local(s.id));
    then();
  });
  code.reductions--;
  code.get(first);
  code.get(tile);
  code.op(opcode.i32Add);
  code.set(first);
  code.branch(opcode.br, again);
  code.close();
  code.close();
}

function moved(code: FunctionCode, local: number, by: 1 | -1): void {
  code.get(local);
  code.word(by);
  code.op(opcode.i32Add);
  code.set(local);
}

/** For distances 1, 2, 4 … below the tile: every lane from the last down to the distance, so that each reads old sums. */
function double(
  code: FunctionCode,
  tile: number,
  lane: number,
  merge: (distance: number) => void,
): void {
  const distance = code.temporary('u32');
  code.word(1);
  code.set(distance);
  const done = code.open(opcode.block);
  const next = code.open(opcode.loop);
  code.get(distance);
  code.get(tile);
  code.op(instruction('>=', 'u32'));
  code.branch(opcode.brIf, done);
  code.get(tile);
  code.set(lane);
  const down = code.open(opcode.loop);
  moved(code, lane, -1);
  merge(distance);
  code.get(distance);
  code.get(lane);
  code.op(opcode.i32LtU);
  code.branch(opcode.brIf, down);
  code.close();
  code.get(distance);
  code.word(1);
  code.op(opcode.i32Shl);
  code.set(distance);
  code.branch(opcode.br, next);
  code.close();
  code.close();
}
