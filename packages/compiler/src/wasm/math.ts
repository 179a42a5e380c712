import type { Expression, MathFunction, ValueType } from '../ir/types.ts';
import { evaluate } from './expression.ts';
import type { FunctionCode } from './function-code.ts';
import type { MathHook } from './imports.ts';
import { opcode } from './opcodes.ts';
import { instruction } from './operator.ts';
import { isUnsigned, wasmType } from './types.ts';

type Math = Extract<Expression, { kind: 'math' }>;

const rounding: Partial<Record<MathFunction, readonly [f32: number, f64: number]>> = {
  floor: [opcode.f32Floor, opcode.f64Floor],
  ceil: [opcode.f32Ceil, opcode.f64Ceil],
  trunc: [opcode.f32Trunc, opcode.f64Trunc],
  sqrt: [opcode.f32Sqrt, opcode.f64Sqrt],
};

export function math(code: FunctionCode, { fn, type, args }: Math): void {
  const hosted = !['abs', 'min', 'max', 'clz', 'mulhi', 'rotl'].includes(fn);
  const native = rounding[fn];
  args.forEach((arg, i) => {
    evaluate(code, arg);
    if (hosted && native === undefined && type === 'f32') code.op(opcode.f64PromoteF32);
    if (fn === 'mulhi') code.op(isUnsigned(type) ? opcode.i64ExtendI32U : opcode.i64ExtendI32S);
    // The operands of a comparison are used twice, so they do not stay on the stack.
    if ((fn === 'min' || fn === 'max') && i === 1) lesser(code, fn, type);
  });
  if (native !== undefined) {
    code.op(native[type === 'f32' ? 0 : 1]);
    return;
  }
  switch (fn) {
    case 'min':
    case 'max':
      return;
    case 'clz':
      code.op(opcode.i32Clz);
      return;
    case 'rotl':
      code.op(opcode.i32Rotl);
      return;
    case 'mulhi':
      code.op(opcode.i64Mul);
      code.constant('u64', 32n);
      code.op(opcode.i64ShrU, opcode.i32WrapI64);
      return;
    case 'abs':
      absolute(code, type);
      return;
    default:
      code.call(fn as MathHook);
      if (type === 'f32') code.op(opcode.f32DemoteF64);
  }
}

/** Of two values on the stack: `a < b ? a : b`, and for max `a < b ? b : a`. */
export function lesser(code: FunctionCode, fn: 'min' | 'max', type: ValueType): void {
  const [a, b] = [code.temporary(type), code.temporary(type)];
  code.set(b);
  code.set(a);
  code.get(fn === 'min' ? a : b);
  code.get(fn === 'min' ? b : a);
  code.get(a);
  code.get(b);
  code.op(instruction('<', type), opcode.select);
}

function absolute(code: FunctionCode, type: ValueType): void {
  const target = wasmType(type);
  if (target === 'f32' || target === 'f64') {
    code.op(target === 'f32' ? opcode.f32Abs : opcode.f64Abs);
    return;
  }
  if (isUnsigned(type)) return;
  const wide = target === 'i64';
  const zero = (): void => code.constant(type, wide ? 0n : 0);
  const a = code.temporary(type);
  code.set(a);
  zero();
  code.get(a);
  code.op(wide ? opcode.i64Sub : opcode.i32Sub);
  code.get(a);
  code.get(a);
  zero();
  code.op(wide ? opcode.i64LtS : opcode.i32LtS, opcode.select);
}
