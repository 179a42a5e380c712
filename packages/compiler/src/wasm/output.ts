import type { PayloadPart, Statement } from '../ir/types.ts';
import { copy } from './copy.ts';
import { evaluate } from './expression.ts';
import { type FunctionCode, headerLocal, selfLocal } from './function-code.ts';
import { extended, opcode } from './opcodes.ts';
import { accesses } from './types.ts';

type Output = Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>;

/** Up to this many words are made zero one by one. */
const unrolled = 16;

/** Makes the payload in the stage, where nobody else sees it, and then has the engine take it from there. */
export function output(code: FunctionCode, s: Output): void {
  const to = code.temporary('u32');
  if (s.kind === 'send') {
    evaluate(code, s.to);
    code.set(to);
  }
  zeros(code, s);
  const { payload } = code.program.stage;
  const stage = (): void => code.global('stage');
  for (const part of s.payload) {
    if (part.kind === 'copy') copy(code, part, stage, payload + part.offset);
    else {
      const { store, alignment } = accesses[part.storage];
      stage();
      evaluate(code, part.value);
      code.memory(store, alignment, payload + part.offset);
    }
  }
  code.get(selfLocal);
  code.get(headerLocal);
  if (s.kind === 'send') code.get(to);
  code.word(s.message);
  code.word(s.size);
  if (s.kind === 'send') code.word(s.priority);
  code.call(s.kind);
}

/** Bytes that no part covers are zero; whole words are written, so up to 3 bytes behind the payload are too. */
function zeros(code: FunctionCode, { size, payload }: Output): void {
  const start = code.program.stage.payload;
  const words: number[] = [];
  for (let word = 0; word * 4 < size; word++) {
    const inside = (part: PayloadPart): boolean =>
      part.offset <= word * 4 && part.offset + sizeOf(part) >= word * 4 + 4;
    if (!payload.some(inside)) words.push(word);
  }
  if (words.length > unrolled) {
    code.global('stage');
    code.word(start);
    code.op(opcode.i32Add);
    code.word(0);
    code.word(Math.ceil(size / 4) * 4);
    code.op(opcode.extended, extended.memoryFill, 0);
    return;
  }
  for (const word of words) {
    code.global('stage');
    code.word(0);
    code.memory(opcode.i32Store, 2, start + word * 4);
  }
}

function sizeOf(part: PayloadPart): number {
  return part.kind === 'copy' ? part.size : accesses[part.storage].size;
}
