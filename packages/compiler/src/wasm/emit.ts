import type { Expression, IrFunction, Module, Statement } from '../ir/types.ts';
import { childExpressions, childLists, statementExpressions } from '../ir/walk.ts';
import { type Bytes, list, section, sized, text, unsigned } from './encoder.ts';
import { FunctionCode, headerLocal, ProgramCode, selfLocal } from './function-code.ts';
import type { WebAssemblyCode } from './image.ts';
import { globalNames, type Signature, signatures } from './imports.ts';
import { opcode } from './opcodes.ts';
import { randomFunction } from './random.ts';
import { statements } from './statement.ts';
import { tableBytes } from './table.ts';
import { typeCodes, wasmType } from './types.ts';

const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const sectionId = { type: 1, import: 2, function: 3, export: 7, code: 10, data: 11 } as const;
const importKind = { function: 0, memory: 2, global: 3 } as const;

/** Shared, 1 to 65,536 pages: every shared memory fits that. */
const anySharedMemory = [3, 1, ...unsigned(65_536)];

/** The types of functions, each once. */
class Signatures {
  readonly #entries: Bytes[] = [];
  readonly #indices = new Map<string, number>();

  index({ parameters, results }: Signature): number {
    const key = `${parameters.join()} ${results.join()}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const types = [parameters, results].map((side) => list(side.map((type) => [typeCodes[type]])));
    const index = this.#entries.push([0x60, ...types.flat()]) - 1;
    this.#indices.set(key, index);
    return index;
  }

  section(): Bytes {
    return section(sectionId.type, this.#entries);
  }
}

/**
 * The module as WebAssembly. It imports `env.memory`, a shared memory with the states and a stage (see image.ts), the
 * engine's functions and its numbers (imports.ts), and exports `run(self, header, handler)`. The message of `header`
 * must have been copied to the stage. The same module gives the same bytes.
 */
export function emitWebAssembly(module: Module): WebAssemblyCode {
  const program = new ProgramCode(module);
  const types = new Signatures();
  const own = [
    randomFunction(program),
    ...[...module.functions, ...module.handlers].map((fn) => functionCode(program, fn)),
    dispatcher(program),
  ];
  const declared = own.map((code) => {
    const { result } = code.fn;
    const results = result === null ? [] : [wasmType(result)];
    return unsigned(types.index({ parameters: code.parameterTypes, results }));
  });
  const imports = importEntries(types);
  const run = program.handler(module.handlers.length);
  const tables = tableBytes(module);
  const atStage = [0, opcode.globalGet, globalNames.indexOf('stage'), opcode.end];
  const bytes = [
    magicAndVersion,
    types.section(),
    section(sectionId.import, imports),
    section(sectionId.function, declared),
    section(sectionId.export, [[...text('run'), 0, ...unsigned(run)]]),
    section(
      sectionId.code,
      own.map((code) => code.body()),
    ),
    section(sectionId.data, tables.length === 0 ? [] : [atStage.concat(sized(tables))]),
  ];
  return {
    bytes: Uint8Array.from(bytes.flat()),
    messages: module.messages.map(({ id, layout }) => ({ id, sizeBytes: layout.size })),
    firstByte: readsHeader(module) ? 32 : 64,
    stage: program.stage,
  };
}

function importEntries(types: Signatures): Bytes[] {
  const entry = (name: string, rest: readonly number[]): Bytes => [
    ...text('env'),
    ...text(name),
    ...rest,
  ];
  return [
    ...Object.entries(signatures).map(([name, signature]) =>
      entry(name, [importKind.function, ...unsigned(types.index(signature))]),
    ),
    entry('memory', [importKind.memory, ...anySharedMemory]),
    ...globalNames.map((name) => entry(name, [importKind.global, typeCodes.i32, 0])),
  ];
}

function functionCode(program: ProgramCode, fn: IrFunction): FunctionCode {
  const code = new FunctionCode(program, fn);
  statements(code, fn.body, null);
  if (fn.result !== null) code.constant(fn.result, 0);
  return code;
}

/** `run(self, header, handler)`: the handler by its index. */
function dispatcher(program: ProgramCode): FunctionCode {
  const local = { id: 0, name: 'handler', type: 'u32' as const };
  const code = new FunctionCode(program, {
    name: 'run',
    parameters: [local.id],
    result: null,
    locals: [local],
    body: [],
  });
  program.module.handlers.forEach((_, i) => {
    code.get(code.local(local.id));
    code.word(i);
    code.op(opcode.i32Eq);
    code.open(opcode.if);
    code.get(selfLocal);
    code.get(headerLocal);
    code.indexed(opcode.call, program.handler(i));
    code.op(opcode.return);
    code.close();
  });
  return code;
}

/** Whether anything in it wants the stamp or the sender of the message. */
function readsHeader({ handlers, functions }: Module): boolean {
  const expression = (e: Expression): boolean =>
    e.kind === 'sender' || e.kind === 'now' || childExpressions(e).some(expression);
  const statement = (s: Statement): boolean =>
    statementExpressions(s).some(expression) ||
    childLists(s).some((inner) => inner.some(statement));
  return [...handlers, ...functions].some(({ body }) => body.some(statement));
}
