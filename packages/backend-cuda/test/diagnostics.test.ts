import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CudaCompileError, type CudaDiagnostic, simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, type Device, type KernelImage, u32 } from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { atHandlers } from '../dist/program/diagnostics.js';
import { programText } from '../dist/program/text.js';
import { noSimulation } from './simulation.ts';

function twice(value: number): number {
  const doubled = value * 2;
  return doubled;
}

const Counter = actor('CudaDiagnosed', {
  state: { count: u32 },
  messages: { Add: { by: u32 }, Drop: {} },
  on: {
    Add(ctx, m) {
      const first = m.by + 1;
      const second = first * 3;
      ctx.state.count += twice(second);
    },
    Drop(ctx) {
      ctx.state.count = 0;
    },
  },
});

const image: KernelImage = compile(Counter);
const file = fileURLToPath(import.meta.url);
const ownLines = readFileSync(file, 'utf8').split('\n');

/** Where this file says it: `/…/diagnostics.test.ts:24:7`. */
function here(statement: string): string {
  const line = ownLines.findIndex((one) => one.trimStart().startsWith(statement));
  const column = (ownLines[line] ?? '').indexOf(statement);
  return `${file}:${line + 1}:${column + 1}`;
}

const { module } = (image as ReturnType<typeof compile>).program;
const text = programText({ kind: 'ir', module }, { lanes: 1, interruptible: false });

/** What the real compiler says of the actor's text with a mistake in it. */
async function compileWith(right: string, wrong: string): Promise<unknown> {
  expect(text).toContain(right);
  const device = (await simulatedBackend.open({})) as Device & {
    launchText(image: KernelImage, text: string, options: object, sink: object): Promise<unknown>;
  };
  const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
  const options = { id: 'c', instances: 1, queueCapacity: 16, onFull: 'wait', baseAddress: 64 };
  try {
    const launched = device.launchText(image, text.replace(right, wrong), options, sink);
    return await launched.catch((error: unknown) => error);
  } finally {
    await device.close();
  }
}

describe.skipIf(noSimulation !== null)('an error of the compiler', () => {
  test('is told at its place in the handler', async () => {
    const error = (await compileWith('v_second_1 =', 'v_second_1 = nowhere +')) as CudaCompileError;
    expect(error).toBeInstanceOf(CudaCompileError);
    expect(error.code).toBe('RK_CUDA_COMPILE');
    const [first] = error.diagnostics;
    expect(first).toMatchObject({ handler: 'Add', at: here('const second') });
    expect(first?.message).toContain('nowhere');
    expect(error.message).toContain(`${here('const second')} (in Add): `);
  });

  test('is told in the function that a handler calls', async () => {
    const error = (await compileWith(
      'v_doubled_1 =',
      'v_doubled_1 = nowhere +',
    )) as CudaCompileError;
    expect(error.diagnostics[0]).toMatchObject({ handler: 'twice', at: here('const doubled') });
  });

  test('has no place when it is in no handler', async () => {
    const error = (await compileWith('switch (type) {', 'switch (nonsense) {')) as CudaCompileError;
    expect(error).toBeInstanceOf(CudaCompileError);
    expect(error.log).toContain('nonsense');
    expect(error.diagnostics).toEqual([]);
  });
});

/** The places that a log is mapped to, for the text of `Counter`. */
function mapped(log: (line: number) => string, of: KernelImage = image): readonly CudaDiagnostic[] {
  const line = text.split('\n').findIndex((one) => one.includes('v_second_1 =')) + 1;
  const error = new CudaCompileError('c', { message: 'm', log: log(line) }, null);
  return (atHandlers(error, of, text) as CudaCompileError).diagnostics;
}

test('the logs of all compilers are understood', () => {
  const at = here('const second');
  const logs: readonly ((line: number) => string)[] = [
    (line) => `c.cu(${line}): error: identifier "x" is undefined\n\n1 error detected`,
    (line) =>
      `/tmp/ringkernel-nvcc-1/program.cu(${line}): error #20-D: identifier "x" is undefined`,
    (line) => `/tmp/a/program.cu:${line}:11: error: use of undeclared identifier 'x'`,
    (line) => `c.cu(${line}): catastrophic error: out of memory`,
  ];
  for (const log of logs) expect(mapped(log)).toMatchObject([{ handler: 'Add', at }]);
  expect(mapped(() => 'rk_turn.h(12): error: identifier "x" is undefined')).toEqual([]);
  expect(mapped(() => 'c.cu(1): error: identifier "x" is undefined')).toEqual([]);
  expect(mapped((line) => `c.cu(${line}): warning #177-D: never used`)).toEqual([]);
});

test('an image that knows no files names the line of the handler', () => {
  const [one] = mapped((line) => `c.cu(${line}): error: bad`, { ...image });
  expect(one?.at).toMatch(/^CudaDiagnosed\.Add:3:\d+$/);
});
