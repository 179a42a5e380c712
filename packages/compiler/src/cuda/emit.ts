import { valueTypeOf } from '../ir/operators.ts';
import type { IrFunction, Module } from '../ir/types.ts';
import { identifier } from '../js/text.ts';
import { cudaEntryPoint } from './abi.ts';
import { FunctionText, type ModuleText } from './function-text.ts';
import { libraryText } from './library.ts';
import { floatBits, literal, storageText, typeText, zero } from './literal.ts';
import { hasBits } from './place.ts';
import { statementLines } from './statement.ts';

export interface CudaOptions {
  /** The namespace around the text: a C++ name. Texts of several actors in one file need one each. */
  readonly namespace?: string;
  /** Loops call `rk_overtime` in each round, which may end the handler. */
  readonly interruptible?: boolean;
}

/**
 * The module as CUDA C++, for one thread that handles one message at a time (see abi.ts). nvcc, NVRTC and clang make
 * device code of it and g++ host code. The same module gives the same text.
 */
export function emitCuda(module: Module, options: CudaOptions = {}): string {
  const program: ModuleText = {
    module,
    interruptible: options.interruptible === true,
    library: new Set(),
  };
  const functions = module.functions.map((fn, i) =>
    functionText(program, fn, `f${i}_${identifier(fn.name)}`),
  );
  const names = module.messages.map(({ name }, i) => `h${i}_${identifier(name)}`);
  const handlers = module.handlers.map((fn, i) => functionText(program, fn, names[i] ?? `h${i}`));
  const tables = tablesText(program);
  return [
    `// ${identifier(module.name)}: generated, one thread for each turn.`,
    compilers,
    `namespace ${options.namespace ?? `rk_${identifier(module.name)}`} {`,
    '',
    ...libraryText(program.library).map((text) => `${text}\n`),
    ...tables,
    ...functions,
    ...handlers,
    entryText(module, names),
    '}',
    '',
  ].join('\n');
}

/** clang without NVIDIA's headers has the functions as builtins, as g++ does. */
const compilers = `typedef int rk_i32;
typedef long long rk_i64;
#ifndef RK_MATH
#ifdef __CUDACC__
#define RK_MATH(name) name
#define RK_DEVICE_OR_HOST(device, host) device
#else
#define RK_MATH(name) __builtin_##name
#define RK_DEVICE_OR_HOST(device, host) host
#endif
#if defined(__CUDACC__) || defined(__CUDA__)
#define RK_TABLE static __device__ const
#else
#define RK_TABLE static const
#endif
#endif
`;

function tablesText({ module }: ModuleText): string[] {
  return module.tables.map((table, i) => {
    const { storage, values } = table;
    const list = values.map((value) => {
      if (hasBits(table)) return floatBits(storage, Number(value));
      return storage === 'bool' ? (value ? '1' : '0') : literal(valueTypeOf(storage), value);
    });
    const type = hasBits(table)
      ? typeText(storage === 'f32' ? 'u32' : 'u64')
      : storageText(storage);
    return `RK_TABLE ${type} t${i}_${identifier(table.name)}[] = {${list.join(', ')}};\n`;
  });
}

function functionText(program: ModuleText, fn: IrFunction, name: string): string {
  const text = new FunctionText(program, fn);
  const body = text.block(() => statementLines(text, fn.body));
  const parameters = fn.parameters.map(
    (id) => `${typeText(text.typeOfLocal(id))} ${text.local(id)}`,
  );
  const result = fn.result === null ? 'void' : typeText(fn.result);
  const end =
    fn.result === null || fn.body.at(-1)?.kind === 'return' ? [] : [`  return ${zero(fn.result)};`];
  return [
    `RK_DEV ${result} ${name}(${['RkTurn* rk', ...parameters].join(', ')}) {`,
    ...text.preamble().map((line) => `  ${line}`),
    ...body,
    ...end,
    '}',
    '',
  ].join('\n');
}

function entryText(module: Module, names: readonly string[]): string {
  const cases = module.messages.map(
    ({ id }, i) => `    case ${id >>> 0}u: ${names[i]}(rk); return true;`,
  );
  return [
    `RK_DEV bool ${cudaEntryPoint}(RkTurn* rk, rk_u32 type) {`,
    '  switch (type) {',
    ...cases,
    '    default: return false;',
    '  }',
    '}',
  ].join('\n');
}
