import type { ValueType } from '../ir/types.ts';
import type { FunctionCode } from './function-code.ts';
import { extended, opcode } from './opcodes.ts';
import { isUnsigned, type WasmType, wasmType } from './types.ts';

/** Turns the value on the stack, a `from`, into a `to`. */
export function convert(code: FunctionCode, from: ValueType, to: ValueType): void {
  if (from === to) return;
  if (to === 'bool') {
    truth(code, wasmType(from));
    return;
  }
  const [source, target] = [wasmType(from), wasmType(to)];
  const logical = isUnsigned(from) || from === 'bool' ? 1 : 0;
  const second = source === 'i64' || source === 'f64' ? 2 : 0;
  switch (target) {
    case 'i32':
    case 'i64':
      if (source === 'f32' || source === 'f64') {
        const kind = (target === 'i64' ? 4 : 0) + second + (isUnsigned(to) ? 1 : 0);
        code.op(opcode.extended, extended.truncSat + kind);
      } else if (source === 'i64' && target === 'i32') code.op(opcode.i32WrapI64);
      else if (source === 'i32' && target === 'i64') code.op(opcode.i64ExtendI32S + logical);
      return;
    case 'f32':
      if (source === 'f64') code.op(opcode.f32DemoteF64);
      else code.op(opcode.f32ConvertI32S + second + logical);
      return;
    case 'f64':
      if (source === 'f32') code.op(opcode.f64PromoteF32);
      else code.op(opcode.f64ConvertI32S + second + logical);
  }
}

/** `x != 0`: true for NaN too. */
function truth(code: FunctionCode, type: WasmType): void {
  if (type === 'i32') code.op(opcode.i32Eqz, opcode.i32Eqz);
  else if (type === 'i64') code.op(opcode.i64Eqz, opcode.i32Eqz);
  else {
    code.constant(type, 0);
    code.op(type === 'f32' ? opcode.f32Ne : opcode.f64Ne);
  }
}
