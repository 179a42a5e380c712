import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  buildProgram,
  buildWebAssemblyProgram,
  compile,
  emitJavaScript,
  emitWebAssembly,
  interpretProgram,
  optimize,
} from '@ringkernel/compiler';
import { type Bench, beside, plain, type Row } from './bench.ts';
import { type HandlerCase, handlerCases } from './compiler-actors.ts';
import { type Handler, type Memory, memoryOf, time } from './compiler-memory.ts';
import { interleaved, median } from './measure.ts';

/** The programs the compiler makes beside a handler written by hand, and beside the interpreter. */
async function handlerRows(one: HandlerCase, quick: boolean): Promise<Row[]> {
  const { name, definition, raw, kind } = one;
  const { module } = compile(definition).program;
  const optimized = optimize(module);
  const text = emitJavaScript(optimized);
  const code = emitWebAssembly(optimized);
  const count = quick ? 20_000 : 1_000_000;
  const variant = (make: (memory: Memory) => Handler, share = 1) => {
    const memory = memoryOf(definition, code.stage.sizeBytes);
    const handler = make(memory);
    return () => time(memory.headers, handler, Math.ceil(count / share));
  };
  const [js, wasm] = [`${name}: JavaScript`, `${name}: WebAssembly`];
  const [hand, interpreter] = [`${name}: by hand`, `${name}: interpreter`];
  const medians = await interleaved(
    {
      [js]: variant(({ env }) => buildProgram(text)(env).run),
      [wasm]: variant(({ env, stage }) => buildWebAssemblyProgram(code, env, stage).run),
      [hand]: variant(raw),
      [interpreter]: variant(({ env }) => interpretProgram(module)(env).run, 200),
    },
    quick ? 1 : 7,
  );
  // f32 and u64 written by hand are not exact or as slow as they are here: only integers have a bar beside it.
  return [
    beside(medians, js, hand, 'ns', kind === 'integer' ? 1 : undefined),
    beside(medians, wasm, js, 'ns', kind === 'integer' ? undefined : 0.33),
    plain(medians, hand, 'ns'),
    plain(medians, interpreter, 'ns'),
  ];
}

const startFile = fileURLToPath(new URL('./compiler-start.js', import.meta.url));

/** Milliseconds from an actor to its program, in processes of their own: each first one is the process's first. */
async function compileRows(quick: boolean): Promise<Row[]> {
  const runs: number[][] = [];
  for (let i = 0; i < (quick ? 1 : 7); i++) {
    const { stdout } = await promisify(execFile)(process.execPath, [startFile]);
    runs.push(JSON.parse(stdout) as number[]);
  }
  const row = (name: string, value: number, atMost: number): Row => ({
    name,
    value,
    unit: 'ms',
    target: `<= ${atMost} ms`,
    met: value <= atMost,
  });
  const firsts = runs.map(([first]) => first ?? Number.NaN);
  const others = runs.flatMap(([, ...rest]) => rest);
  return [row('first compile', median(firsts), 30), row('next compile', median(others), 10)];
}

export const compilerBench: Bench = {
  name: 'compiler',
  title: 'Generated programs, nanoseconds per message on one core, and how long they take to make',
  async run({ quick }) {
    const rows: Row[] = await compileRows(quick);
    for (const one of handlerCases) rows.push(...(await handlerRows(one, quick)));
    return rows;
  },
};
