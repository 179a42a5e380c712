import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile, cudaDeclarations, emitCuda, type Module } from '@ringkernel/compiler';
import { afterAll, expect, it } from 'vitest';
import { generateCase } from '../src/fuzz/index.ts';
import { Counter } from './actors/counter.ts';
import { Ring } from './actors/ring.ts';
import { Stats } from './actors/stats.ts';
import { Vector } from './actors/vector.ts';

const execute = promisify(execFile);
const directory = await mkdtemp(join(tmpdir(), 'ringkernel-nvcc-'));
const missing = await missingTool(['nvcc', 'ptxas']);
if (missing !== null) console.warn(`CUDA C++ is not compiled for GPUs: ${missing}`);

afterAll(() => rm(directory, { recursive: true, force: true }));

async function missingTool(names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    try {
      await execute(name, ['--version']);
    } catch (error) {
      return `${name} cannot be run: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

const hooks = `RK_DEV unsigned char* rk_send(RkTurn* rk, rk_u32 to, rk_u32 type, rk_u32 size, rk_u32 priority) {
  *rk->draws += to ^ type ^ priority;
  return const_cast<unsigned char*>(rk->message) + size;
}
RK_DEV unsigned char* rk_reply(RkTurn* rk, rk_u32 type, rk_u32 size) {
  *rk->draws += type;
  return const_cast<unsigned char*>(rk->message) + size;
}
RK_DEV unsigned char* rk_emit(RkTurn* rk, rk_u32 type, rk_u32 size) {
  *rk->draws ^= type;
  return const_cast<unsigned char*>(rk->message) + size;
}
RK_DEV void rk_fault(RkTurn* rk, rk_u32 site, rk_u32 value) { *rk->draws += site + value; }
RK_DEV bool rk_overtime(RkTurn* rk) { return *rk->draws > 1000000u; }
`;

/** All modules in one file, with hooks whose effects no optimiser can take out. */
function kernelText(modules: readonly Module[], lanes: number): string {
  const form = lanes === 1 ? 'thread' : 'group';
  const texts = modules.map((module, i) =>
    emitCuda(module, { namespace: `program${i}`, form, interruptible: i % 2 === 1 }),
  );
  const call = (i: number): string => `*turn->draws += program${i}::rk_handle(turn, type);`;
  const calls = modules.map((_, i) =>
    form === 'thread'
      ? `  ${call(i)}`
      : `  {
    __shared__ program${i}::RkShared shared;
    if (RK_LANE != 0u) {
      program${i}::rk_serve(&shared);
    } else {
      turn->group = &shared;
      turn->lane = 0;
      ${call(i)}
      program${i}::rk_dismiss(&shared);
    }
  }`,
  );
  return `#define RK_LANES ${lanes}u
${cudaDeclarations}${hooks}${texts.join('\n')}
extern "C" __global__ void run(RkTurn* turn, rk_u32 type) {
${calls.join('\n')}
}
`;
}

it.skipIf(missing !== null).each([
  ['a thread', 1, 4],
  ['a warp', 32, 2],
  ['a block', 128, 1],
])(
  'nvcc makes PTX of the text for %s, and ptxas code for each generation',
  async (_, lanes, count) => {
    const actors = [Vector, Counter, Ring, Stats]
      .slice(0, count)
      .map((actor) => compile(actor).program.module);
    const random = Array.from({ length: count }, (__, i) => generateCase(1 + i).module);
    const [source, ptx] = ['kernel.cu', 'kernel.ptx'].map((name) => join(directory, name)) as [
      string,
      string,
    ];
    await writeFile(source, kernelText([...actors, ...random], lanes));
    await execute('nvcc', ['-ptx', '-arch=compute_75', '-std=c++17', '-w', source, '-o', ptx]);
    for (const arch of ['sm_75', 'sm_90', 'sm_120']) {
      const cubin = join(directory, `${arch}.cubin`);
      const { stderr } = await execute('ptxas', [`-arch=${arch}`, ptx, '-o', cubin]);
      expect(stderr).toBe('');
    }
  },
  300_000,
);
