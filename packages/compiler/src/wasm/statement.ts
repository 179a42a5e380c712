import type { Statement } from '../ir/types.ts';
import { copy } from './copy.ts';
import { evaluate } from './expression.ts';
import { type FunctionCode, headerLocal, selfLocal } from './function-code.ts';
import { opcode } from './opcodes.ts';
import { output } from './output.ts';
import { store } from './place.ts';
import { scan } from './scan.ts';
import { parallel, reduce } from './section.ts';

/** The labels that `break` and `continue` go to. */
export interface LoopLabels {
  readonly exit: number;
  readonly next: number;
}

export function statements(
  code: FunctionCode,
  body: readonly Statement[],
  loop: LoopLabels | null,
): void {
  for (const s of body) statement(code, s, loop);
}

function statement(code: FunctionCode, s: Statement, loop: LoopLabels | null): void {
  switch (s.kind) {
    case 'let':
    case 'assign':
      if (s.value === null) code.constant(code.typeOfLocal(s.id), 0);
      else evaluate(code, s.value);
      code.set(code.local(s.id));
      return;
    case 'store':
      store(code, s.place, s.value);
      return;
    case 'copy':
      copy(code, s, () => code.state(), s.offset);
      return;
    case 'if':
      evaluate(code, s.condition);
      code.open(opcode.if);
      statements(code, s.then, loop);
      if (s.otherwise.length > 0) {
        code.otherwise();
        statements(code, s.otherwise, loop);
      }
      code.close();
      return;
    case 'loop':
      loopStatement(code, s);
      return;
    case 'break':
    case 'continue':
      if (loop === null) throw new TypeError(`${s.kind} outside of a loop`);
      code.branch(opcode.br, s.kind === 'break' ? loop.exit : loop.next);
      return;
    case 'return':
      if (s.value !== null) evaluate(code, s.value);
      code.op(opcode.return);
      return;
    case 'send':
    case 'reply':
    case 'emit':
      output(code, s);
      return;
    case 'random':
      random(code, s);
      return;
    case 'parallel':
      parallel(code, s, () => statements(code, s.body, null));
      return;
    case 'reduce':
      reduce(code, s, () => statements(code, s.body, null));
      return;
    case 'scan':
      scan(code, s, {
        body: () => statements(code, s.body, null),
        then: () => statements(code, s.then, null),
      });
      return;
    case 'fail':
      code.get(selfLocal);
      code.word(s.site);
      evaluate(code, s.code);
      code.call('fault');
      code.op(opcode.return);
  }
}

function loopStatement(code: FunctionCode, s: Extract<Statement, { kind: 'loop' }>): void {
  const exit = code.open(opcode.block);
  const again = code.open(opcode.loop);
  evaluate(code, s.condition);
  code.op(opcode.i32Eqz);
  code.branch(opcode.brIf, exit);
  const next = code.open(opcode.block);
  statements(code, s.body, { exit, next });
  code.close();
  statements(code, s.step, null);
  code.branch(opcode.br, again);
  code.close();
  code.close();
}

/** The upper 24 bits of a draw are a fraction of 2^24, exactly. */
function random(code: FunctionCode, s: Extract<Statement, { kind: 'random' }>): void {
  code.get(selfLocal);
  code.get(headerLocal);
  code.indexed(opcode.call, code.program.random);
  if (s.type === 'f32') {
    code.word(8);
    code.op(opcode.i32ShrU, opcode.f32ConvertI32S);
    code.constant('f32', 2 ** -24);
    code.op(opcode.f32Mul);
  }
  code.set(code.local(s.id));
}
