import { FunctionCode, type ProgramCode, selfLocal } from './function-code.ts';
import { opcode } from './opcodes.ts';

/**
 * First word of Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11) with key
 * (seed, 'Ring') and counter (draw, 0, instance, 0). The rounds are written out one by one.
 */
export function randomFunction(program: ProgramCode): FunctionCode {
  const code = new FunctionCode(program, {
    name: 'random',
    parameters: [],
    result: 'u32',
    locals: [],
    body: [],
  });
  const counter = code.temporary('u32');
  const words = Array.from({ length: 4 }, () => code.temporary('u32'));
  const [x0, x1, x2, x3] = words as [number, number, number, number];
  const [a, b] = [code.temporary('u64'), code.temporary('u64')];
  code.global('drawsOffset');
  code.get(selfLocal);
  code.global('drawsStride');
  code.op(opcode.i32Mul, opcode.i32Add);
  code.tee(counter);
  code.memory(opcode.i32Load, 2, 0);
  code.set(x0);
  code.get(counter);
  code.get(x0);
  code.word(1);
  code.op(opcode.i32Add);
  code.memory(opcode.i32Store, 2, 0);
  code.get(selfLocal);
  code.set(x2);
  for (let round = 0; round < 10; round++) {
    product(code, 0xd2511f53n, x0, a);
    product(code, 0xcd9e8d57n, x2, b);
    highXor(code, b, x1);
    code.global('seed');
    code.word(Math.imul(0x9e3779b9, round));
    code.op(opcode.i32Add, opcode.i32Xor);
    code.set(x0);
    highXor(code, a, x3);
    code.word(0x52696e67 + Math.imul(0xbb67ae85, round));
    code.op(opcode.i32Xor);
    code.set(x2);
    low(code, b, x1);
    low(code, a, x3);
  }
  code.get(x0);
  return code;
}

function product(code: FunctionCode, factor: bigint, word: number, result: number): void {
  code.get(word);
  code.op(opcode.i64ExtendI32U);
  code.constant('u64', factor);
  code.op(opcode.i64Mul);
  code.set(result);
}

function highXor(code: FunctionCode, wide: number, word: number): void {
  code.get(wide);
  code.constant('u64', 32n);
  code.op(opcode.i64ShrU, opcode.i32WrapI64);
  code.get(word);
  code.op(opcode.i32Xor);
}

function low(code: FunctionCode, wide: number, word: number): void {
  code.get(wide);
  code.op(opcode.i32WrapI64);
  code.set(word);
}
