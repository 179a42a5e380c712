import { valueTypeOf } from '../ir/operators.ts';
import type { IrFunction, Module } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { cudaEntryPoint } from './abi.ts';
import { type CudaForm, FunctionText, type ModuleText } from './function-text.ts';
import { groupMacros, groupStructs, serveText } from './group.ts';
import { libraryText } from './library.ts';
import { floatBits, literal, storageText, typeText, zero } from './literal.ts';
import { hasBits } from './place.ts';
import { statementLines } from './statement.ts';

export interface CudaOptions {
  /** The namespace around the text: a C++ name. Texts of several actors in one file need one each. */
  readonly namespace?: string;
  /** Loops call `rk_overtime` in each round, which may end the handler. */
  readonly interruptible?: boolean;
  /**
   * `thread`, the default: one thread handles a message. `group`: the lanes of a warp or a block do, each a part of the
   * rounds of a section; the text is the same for every number of lanes, `RK_LANES`.
   */
  readonly form?: CudaForm;
}

/**
 * The module as CUDA C++ (see abi.ts). nvcc, NVRTC and clang make device code of it and g++ host code. The same module
 * gives the same text.
 */
export function emitCuda(module: Module, options: CudaOptions = {}): string {
  const { namespace = `rk_${identifier(module.name)}`, form = 'thread' } = options;
  const program: ModuleText = {
    module,
    form,
    interruptible: options.interruptible === true,
    library: new Set(),
    sections: [],
    slots: new Set(),
  };
  const functions = module.functions.map((fn, i) =>
    functionText(program, fn, `f${i}_${identifier(fn.name)}`),
  );
  const names = module.messages.map(({ name }, i) => `h${i}_${identifier(name)}`);
  const handlers = module.handlers.map((fn, i) => functionText(program, fn, names[i] ?? `h${i}`));
  const tables = tablesText(program);
  const group = form === 'group';
  return [
    `// ${identifier(module.name)}: generated, one ${group ? 'group of lanes' : 'thread'} for each turn.`,
    compilers,
    ...(group ? [groupMacros] : []),
    `namespace ${namespace} {`,
    '',
    ...(group ? [groupStructs(program)] : []),
    ...libraryText(program.library).map((text) => `${text}\n`),
    ...tables,
    ...functions,
    ...program.sections.map(({ text }) => text),
    ...handlers,
    ...(group ? [serveText(program)] : []),
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
