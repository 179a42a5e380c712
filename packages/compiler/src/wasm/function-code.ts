import type { IrFunction, Module, ValueType } from '../ir/types.ts';
import { type Bytes, float32, float64, list, signed, sized, unsigned } from './encoder.ts';
import { type StageLayout, stageOf, tableOffsets } from './image.ts';
import { type GlobalName, globalNames, type HookName, signatures } from './imports.ts';
import { noResult, opcode } from './opcodes.ts';
import { typeCodes, type WasmType, wasmType } from './types.ts';

/** What all functions of a program share. */
export class ProgramCode {
  readonly module: Module;
  readonly stage: StageLayout;
  readonly tables: readonly number[];

  constructor(module: Module) {
    this.module = module;
    this.stage = stageOf(module);
    this.tables = tableOffsets(module).offsets;
  }

  hook(name: HookName): number {
    return Object.keys(signatures).indexOf(name);
  }

  /** The generator of random numbers comes behind the imports, then the functions, the handlers, the dispatcher. */
  get random(): number {
    return Object.keys(signatures).length;
  }

  fn(index: number): number {
    return this.random + 1 + index;
  }

  handler(index: number): number {
    return this.fn(this.module.functions.length + index);
  }
}

/** Every function's first two parameters: the instance, and where the engine has the message being handled. */
export const selfLocal = 0;
export const headerLocal = 1;

/** The instructions of one function while they are written. */
export class FunctionCode {
  readonly program: ProgramCode;
  readonly fn: IrFunction;
  readonly #bytes: Bytes = [];
  readonly #parameters: number;
  readonly #extra: WasmType[] = [];
  readonly #locals = new Map<number, { readonly index: number; readonly type: ValueType }>();
  #state: number | null = null;
  #depth = 0;
  /** Reductions around what is being written. */
  reductions = 0;

  constructor(program: ProgramCode, fn: IrFunction) {
    this.program = program;
    this.fn = fn;
    this.#parameters = 2 + fn.parameters.length;
    const types = new Map(fn.locals.map(({ id, type }) => [id, type]));
    fn.parameters.forEach((id, i) => {
      this.#locals.set(id, { index: 2 + i, type: types.get(id) ?? 'i32' });
    });
    for (const { id, type } of fn.locals) {
      if (!this.#locals.has(id)) this.#locals.set(id, { index: this.temporary(type), type });
    }
  }

  get parameterTypes(): WasmType[] {
    return [
      'i32',
      'i32',
      ...this.fn.parameters.map((id) => wasmType(this.#locals.get(id)?.type ?? 'i32')),
    ];
  }

  /** A local of its own for a value that is used twice. */
  temporary(type: ValueType): number {
    this.#extra.push(wasmType(type));
    return this.#parameters + this.#extra.length - 1;
  }

  op(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** An instruction with an index behind it. */
  indexed(code: number, index: number): void {
    this.op(code, ...unsigned(index));
  }

  get(local: number): void {
    this.indexed(opcode.localGet, local);
  }

  set(local: number): void {
    this.indexed(opcode.localSet, local);
  }

  tee(local: number): void {
    this.indexed(opcode.localTee, local);
  }

  local(id: number): number {
    const local = this.#locals.get(id);
    if (local === undefined) throw new RangeError(`${this.fn.name} has no local ${id}`);
    return local.index;
  }

  typeOfLocal(id: number): ValueType {
    return this.#locals.get(id)?.type ?? 'i32';
  }

  global(name: GlobalName): void {
    this.indexed(opcode.globalGet, globalNames.indexOf(name));
  }

  call(name: HookName): void {
    this.indexed(opcode.call, this.program.hook(name));
  }

  word(value: number): void {
    this.op(opcode.i32Const, ...signed(BigInt(value | 0)));
  }

  constant(type: ValueType, value: number | bigint | boolean): void {
    switch (wasmType(type)) {
      case 'i32':
        this.word(Number(value));
        break;
      case 'i64':
        this.op(opcode.i64Const, ...signed(BigInt.asIntN(64, BigInt(value))));
        break;
      case 'f32':
        this.op(opcode.f32Const, ...float32(Number(value)));
        break;
      case 'f64':
        this.op(opcode.f64Const, ...float64(Number(value)));
    }
  }

  /** A load or store of what is `offset` bytes behind the address on the stack. */
  memory(code: number, alignment: number, offset: number): void {
    this.op(code, alignment, ...unsigned(offset));
  }

  /** Where this instance's state starts. */
  state(): void {
    this.#state ??= this.temporary('u32');
    this.get(this.#state);
  }

  /** Opens a block, a loop or an `if`; returns its label for `branch`. */
  open(code: number, result: ValueType | null = null): number {
    this.op(code, result === null ? noResult : typeCodes[wasmType(result)]);
    return ++this.#depth;
  }

  otherwise(): void {
    this.op(opcode.else);
  }

  close(): void {
    this.op(opcode.end);
    this.#depth--;
  }

  /** Goes to the end of a block or to the start of a loop. */
  branch(code: number, label: number): void {
    this.indexed(code, this.#depth - label);
  }

  /** The finished function: its locals and its instructions. */
  body(): Bytes {
    const start =
      this.#state === null
        ? []
        : [
            ...[opcode.globalGet, globalNames.indexOf('stateOffset')],
            ...[opcode.localGet, selfLocal, opcode.globalGet, globalNames.indexOf('stateStride')],
            ...[opcode.i32Mul, opcode.i32Add, opcode.localSet, ...unsigned(this.#state)],
          ];
    const locals = list(this.#extra.map((type) => [1, typeCodes[type]]));
    return sized(locals.concat(start, this.#bytes, [opcode.end]));
  }
}
