import type { BinaryOperator, Expression, ValueType } from '../ir/types.ts';
import { evaluate } from './expression.ts';
import type { FunctionCode } from './function-code.ts';
import { opcode } from './opcodes.ts';
import { isUnsigned, type WasmType, wasmType } from './types.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;
type Unary = Extract<Expression, { kind: 'unary' }>;

/** How the instructions of a type follow its first: `+ - * /` and the rest in the specification's order. */
const add: Readonly<Record<WasmType, number>> = {
  i32: opcode.i32Add,
  i64: opcode.i64Add,
  f32: opcode.f32Add,
  f64: opcode.f64Add,
};
const fromAdd: Partial<Record<BinaryOperator, number>> = {
  '+': 0,
  '-': 1,
  '*': 2,
  '&': 7,
  '|': 8,
  '^': 9,
  '<<': 10,
};
const equal: Readonly<Record<WasmType, number>> = {
  i32: opcode.i32Eq,
  i64: opcode.i64Eq,
  f32: opcode.f32Eq,
  f64: opcode.f64Eq,
};
/** After `equal`: integers have a signed and an unsigned one of each. */
const integerFromEqual: Partial<Record<BinaryOperator, number>> = {
  '==': 0,
  '!=': 1,
  '<': 2,
  '>': 4,
  '<=': 6,
  '>=': 8,
};
const floatFromEqual: Partial<Record<BinaryOperator, number>> = {
  '==': 0,
  '!=': 1,
  '<': 2,
  '>': 3,
  '<=': 4,
  '>=': 5,
};

export function binary(code: FunctionCode, e: Binary): void {
  const { op, type, left, right } = e;
  if (op === '&&' || op === '||') {
    evaluate(code, left);
    code.open(opcode.if, 'bool');
    if (op === '&&') evaluate(code, right);
    else code.word(1);
    code.otherwise();
    if (op === '||') evaluate(code, right);
    else code.word(0);
    code.close();
    return;
  }
  evaluate(code, left);
  const integer = wasmType(type) === 'i32' || wasmType(type) === 'i64';
  if (integer && (op === '/' || op === '%')) {
    divide(code, op, type, right);
    return;
  }
  evaluate(code, right);
  if (op === '>>' || op === '<<') shiftCount(code, type, right.type);
  code.op(instruction(op, left.type));
}

/** The instruction of an operator on operands of this type, which are on the stack. */
export function instruction(op: BinaryOperator, operand: ValueType): number {
  const type = wasmType(operand);
  const float = type === 'f32' || type === 'f64';
  const comparison = (float ? floatFromEqual : integerFromEqual)[op];
  if (comparison !== undefined) {
    return equal[type] + comparison + (comparison > 1 && isUnsigned(operand) ? 1 : 0);
  }
  if (op === '/') return add[type] + 3;
  if (op === '>>') return add[type] + (isUnsigned(operand) ? 12 : 11);
  const arithmetic = fromAdd[op];
  if (arithmetic === undefined) throw new TypeError(`${op} is not an operator of ${operand}`);
  return add[type] + arithmetic;
}

/** WebAssembly takes the count modulo the width, but in the type of what is shifted. */
function shiftCount(code: FunctionCode, type: ValueType, count: ValueType): void {
  if (wasmType(type) === 'i64' && wasmType(count) === 'i32') code.op(opcode.i64ExtendI32U);
}

/** The left side is on the stack. WebAssembly traps where the language has a result: x / 0, x % 0, MIN / -1. */
function divide(code: FunctionCode, op: '/' | '%', type: ValueType, right: Expression): void {
  const wide = wasmType(type) === 'i64';
  const unsigned = isUnsigned(type);
  const kind = (op === '%' ? 2 : 0) + (unsigned ? 1 : 0);
  const plain = (wide ? opcode.i64DivS : opcode.i32DivS) + kind;
  if (right.kind === 'const' && ![0, -1].includes(Number(right.value))) {
    evaluate(code, right);
    code.op(plain);
    return;
  }
  const [a, b] = [code.temporary(type), code.temporary(type)];
  code.set(a);
  evaluate(code, right);
  code.tee(b);
  code.op(wide ? opcode.i64Eqz : opcode.i32Eqz);
  code.open(opcode.if, type);
  if (op === '/') code.get(a);
  else code.constant(type, wide ? 0n : 0);
  code.otherwise();
  const minusOne = op === '/' && !unsigned;
  if (minusOne) {
    code.get(b);
    code.constant(type, wide ? -1n : -1);
    code.op(wide ? opcode.i64Eq : opcode.i32Eq);
    code.open(opcode.if, type);
    code.constant(type, wide ? 0n : 0);
    code.get(a);
    code.op(wide ? opcode.i64Sub : opcode.i32Sub);
    code.otherwise();
  }
  code.get(a);
  code.get(b);
  code.op(plain);
  if (minusOne) code.close();
  code.close();
}

export function unary(code: FunctionCode, { op, type, operand }: Unary): void {
  if (op === '!') {
    evaluate(code, operand);
    code.op(opcode.i32Eqz);
    return;
  }
  const target = wasmType(type);
  if (target === 'f32' || target === 'f64') {
    evaluate(code, operand);
    code.op(target === 'f32' ? opcode.f32Neg : opcode.f64Neg);
    return;
  }
  const wide = target === 'i64';
  const start = op === '-' ? 0 : -1;
  code.constant(type, wide ? BigInt(start) : start);
  evaluate(code, operand);
  if (op === '-') code.op(wide ? opcode.i64Sub : opcode.i32Sub);
  else code.op(wide ? opcode.i64Xor : opcode.i32Xor);
}
