import type { Expression } from '../ir/types.ts';
import { convert } from './convert.ts';
import { type FunctionCode, headerLocal, selfLocal } from './function-code.ts';
import { math } from './math.ts';
import { opcode } from './opcodes.ts';
import { binary, unary } from './operator.ts';
import { load } from './place.ts';

/** Nobody's address: what is sent there is dead-lettered as `not-found`. */
const nobody = -1;

/** Byte offsets in the header of a message. */
const header = { microseconds: 32, logical: 40, sender: 48 } as const;

/** Leaves the value of an expression on the stack. */
export function evaluate(code: FunctionCode, e: Expression): void {
  switch (e.kind) {
    case 'const':
      code.constant(e.type, e.value);
      return;
    case 'local':
      code.get(code.local(e.id));
      return;
    case 'load':
      load(code, e.place, e.type);
      return;
    case 'self':
      code.global('baseAddress');
      code.get(selfLocal);
      code.op(opcode.i32Add);
      return;
    case 'index':
      code.get(selfLocal);
      return;
    case 'instances':
      code.global('instances');
      return;
    case 'sender':
      headerField(code, opcode.i32Load, 2, header.sender);
      return;
    case 'at':
      at(code, e.index);
      return;
    case 'now':
      headerField(code, opcode.i64Load, 3, header.microseconds);
      code.constant('u64', 12n);
      code.op(opcode.i64Shl);
      headerField(code, opcode.i32Load, 2, header.logical);
      code.op(opcode.i64ExtendI32U, opcode.i64Add);
      return;
    case 'binary':
      binary(code, e);
      return;
    case 'unary':
      unary(code, e);
      return;
    case 'select':
      evaluate(code, e.condition);
      code.open(opcode.if, e.type);
      evaluate(code, e.whenTrue);
      code.otherwise();
      evaluate(code, e.whenFalse);
      code.close();
      return;
    case 'convert':
      evaluate(code, e.operand);
      convert(code, e.operand.type, e.type);
      return;
    case 'math':
      math(code, e);
      return;
    case 'call':
      code.get(selfLocal);
      code.get(headerLocal);
      for (const arg of e.args) evaluate(code, arg);
      code.indexed(opcode.call, code.program.fn(e.fn));
  }
}

function headerField(code: FunctionCode, load: number, alignment: number, offset: number): void {
  code.global('stage');
  code.memory(load, alignment, code.program.stage.message + offset);
}

function at(code: FunctionCode, index: Expression): void {
  const own = code.temporary('u32');
  evaluate(code, index);
  code.tee(own);
  code.global('baseAddress');
  code.op(opcode.i32Add);
  code.word(nobody);
  code.get(own);
  code.global('instances');
  code.op(opcode.i32LtU, opcode.select);
}
