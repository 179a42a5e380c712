import type { PayloadPart } from '../ir/types.ts';
import type { FunctionCode } from './function-code.ts';
import { headerBytes } from './image.ts';
import { extended, opcode } from './opcodes.ts';

type Copy = Omit<Extract<PayloadPart, { kind: 'copy' }>, 'kind' | 'offset'>;

/** Copies a run of bytes to `offset` behind what `target` leaves on the stack; overlapping is allowed. */
export function copy(
  code: FunctionCode,
  { from, size }: Copy,
  target: () => void,
  offset: number,
): void {
  target();
  add(code, offset);
  if (from.base === 'state') code.state();
  else code.global('stage');
  const start = from.base === 'state' ? 0 : code.program.stage.message + headerBytes;
  add(code, start + from.offset);
  code.word(size);
  code.op(opcode.extended, extended.memoryCopy, 0, 0);
}

function add(code: FunctionCode, offset: number): void {
  if (offset === 0) return;
  code.word(offset);
  code.op(opcode.i32Add);
}
