import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ProgramOrigin, programOrigins } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, array, ask, f32, u8, u32, u64 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { systemLibraries } from '../dist/native/libraries.js';
import { loadAddon } from '../dist/native/load.js';
import { buildProgram, systemProgram, type Target } from '../dist/program/build.js';
import { deviceHeaders } from '../dist/program/headers.js';
import { nvcc } from '../dist/program/nvcc.js';
import { ptxArchitectures } from '../dist/program/ptx.js';
import { programText } from '../dist/program/text.js';

const run = promisify(execFile);

/** Why device code can't be compiled here, or null. */
const noToolkit = spawnSync('nvcc', ['--version']).status === 0 ? null : 'nvcc is missing';
if (noToolkit !== null) console.log(`skipped: ${noToolkit}`);

const Everything = actor('CudaEverything', {
  state: { count: u32, total: u64, mean: f32, bytes: array(u8, 5), xs: array(f32, 100) },
  messages: { Add: { by: u32, index: u32 }, Get: ask({}, { total: u64, mean: f32 }) },
  emits: { Big: { bytes: array(u8, 5) } },
  on: {
    Add(ctx, m) {
      const s = ctx.state;
      s.count += 1;
      s.total += u64(m.by);
      s.mean += (f32(m.by) - s.mean) / f32(s.count);
      s.bytes[m.index] = m.by;
      s.mean += ctx.sum(100, (i) => s.xs[i] as number);
      ctx.parallelFor(m.by, (i) => {
        s.xs[i] = f32(i) * s.mean;
        s.count += i;
      });
      ctx.scan(
        m.by,
        (i) => s.xs[i] as number,
        (i, sum) => {
          s.xs[i] = sum;
        },
      );
      if (ctx.random() < 0.5)
        ctx.send(ctx.at(m.index), 'Add', { by: m.by >>> 1, index: ctx.index });
      if (m.by > 100) ctx.emit('Big', { bytes: s.bytes });
      if (m.by === 0) ctx.fail(7);
    },
    Get(ctx) {
      ctx.reply({ total: ctx.state.total, mean: ctx.state.mean });
    },
  },
});

test.skipIf(noToolkit !== null)(
  'programs compile for real devices, old and new',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-nvcc-'));
    for (const [name, text] of deviceHeaders()) writeFileSync(join(folder, name), text);
    const { module } = compile(Everything).program;
    const text = (lanes: number): string =>
      programText({ kind: 'ir', module }, { lanes, interruptible: true });
    const programs = { system: systemProgram, thread: text(1), warp: text(32) };
    const few = ['75', '90', '120'];
    const all = ['75', '80', '86', '89', '90', '100', '120'];
    const targets = (name: string): string[] =>
      (name === 'warp' ? all : few).map((n) => `-gencode=arch=compute_${n},code=sm_${n}`);
    for (const [name, text] of Object.entries(programs)) {
      const file = join(folder, `${name}.cu`);
      writeFileSync(file, text);
      const options = ['-std=c++17', '--fmad=false', '-fatbin', ...targets(name), file];
      const { stderr } = await run('nvcc', [...options, '-o', join(folder, `${name}.fatbin`)]);
      expect(stderr).not.toContain('error');
    }
    rmSync(folder, { recursive: true });
  },
  600_000,
);

/** NVRTC of this system, or why there is none. */
function findNvrtc(): { readonly paths: readonly string[]; readonly missing: string | null } {
  const paths = systemLibraries().nvrtc;
  try {
    loadAddon().findCompiler(paths);
    return { paths, missing: null };
  } catch {
    return { paths, missing: 'NVRTC is missing (RK_CUDA_NVRTC names its file)' };
  }
}
const found = findNvrtc();
if (found.missing !== null) console.log(`skipped: ${found.missing}`);

test.skipIf(found.missing !== null)(
  'NVRTC, which has no header, compiles the same programs',
  async () => {
    const target = { ...withoutNvrtc, libraries: { driver: [], nvml: [], nvrtc: found.paths } };
    const { module } = compile(Everything).program;
    const text = (lanes: number): string =>
      programText({ kind: 'ir', module }, { lanes, interruptible: true });
    const programs = { system: systemProgram, thread: text(1), warp: text(32) };
    for (const [name, program] of Object.entries(programs)) {
      const ptx = new TextDecoder().decode(await buildProgram(target, name, program));
      expect(ptx).toContain('.version 7.8');
      expect(ptx).toContain('.target sm_90');
    }
    expect(
      programOrigins()
        .slice(-3)
        .map(({ from }) => from),
    ).toEqual(['nvrtc', 'nvrtc', 'nvrtc']);
  },
  600_000,
);

const small = '__global__ void kept(int* at) { *at = 7; }';

test.skipIf(noToolkit !== null)(
  'PTX for each compute capability is of the first version that knows it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-ptx-'));
    const file = join(folder, 'program.ptx');
    for (const architecture of ptxArchitectures) {
      writeFileSync(file, await nvcc(architecture).compile('kept', small));
      await run('ptxas', [`-arch=sm_${architecture}`, file, '-o', join(folder, 'out')]);
    }
    rmSync(folder, { recursive: true });
  },
  300_000,
);

const withoutNvrtc: Target = {
  addon: loadAddon(),
  libraries: { driver: [], nvrtc: ['/nowhere/libnvrtc.so'], nvml: [] },
  simulated: false,
  capability: 90,
  simulationFlags: [],
  cacheFolder: null,
  ptxFolder: null,
};

test.skipIf(noToolkit !== null)(
  'nvcc stands in for NVRTC, for older drivers too',
  async () => {
    const image = await buildProgram(withoutNvrtc, 'system', systemProgram);
    const ptx = new TextDecoder().decode(image);
    expect(ptx).toContain('.version 6.4');
    expect(ptx).toContain('.entry rk_dispatch');
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-ptx-'));
    const file = join(folder, 'system.ptx');
    writeFileSync(file, ptx);
    await run('ptxas', ['-arch=sm_90', file, '-o', join(folder, 'system.cubin')]);
    rmSync(folder, { recursive: true });
    await expect(buildProgram(withoutNvrtc, 'bad', 'int f( {')).rejects.toMatchObject({
      code: 'RK_CUDA_COMPILE',
      log: expect.stringContaining('error'),
    });
  },
  300_000,
);

test.skipIf(noToolkit !== null)(
  'what nvcc compiled is kept in the folder, also for when there is no compiler any more',
  async () => {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'ringkernel-cache-'));
    let others = 0;
    // Another library's name stands for another process: within one, a program is built once.
    const build = (): Promise<Uint8Array> => {
      const libraries = { driver: [], nvrtc: [`/nowhere/${others++}.so`], nvml: [] };
      return buildProgram({ ...withoutNvrtc, cacheFolder, libraries }, 'kept', small);
    };
    const { PATH } = process.env;
    try {
      const first = await build();
      expect(programOrigins().at(-1)).toMatchObject({ from: 'nvcc', cached: false });
      expect(programOrigins().at(-1)?.reasons[0]).toContain('/nowhere/0.so');
      expect(await build()).toEqual(first);
      expect(programOrigins().at(-1)).toMatchObject({ from: 'nvcc', cached: true });
      process.env.PATH = '/nowhere';
      expect(await build()).toEqual(first);
      const { from, cached, reasons } = programOrigins().at(-1) as ProgramOrigin;
      expect([from, cached]).toEqual(['cache', true]);
      expect(reasons).toEqual([
        expect.stringContaining('/nowhere/2.so'),
        'nvcc: ENOENT',
        expect.stringContaining('clang: ENOENT'),
      ]);
    } finally {
      process.env.PATH = PATH;
      rmSync(cacheFolder, { recursive: true });
    }
  },
  300_000,
);

test('where nothing can be used, everything that was tried is named', async () => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    await expect(buildProgram(withoutNvrtc, 'none', '// nothing')).rejects.toMatchObject({
      code: 'RK_CUDA_UNAVAILABLE',
      missing: 'compiler',
      reasons: [
        expect.stringContaining('/nowhere/libnvrtc.so'),
        'nvcc: ENOENT',
        expect.stringContaining('clang: ENOENT'),
        'cache: turned off',
        'shipped: ptxFolder names no folder',
      ],
    });
  } finally {
    process.env.PATH = PATH;
  }
});
