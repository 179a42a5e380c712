import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile } from '@ringkernel/compiler';
import { actor, array, f32, u32, u64 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { systemProgram } from '../dist/program/build.js';
import { clang } from '../dist/program/clang.js';
import { programText } from '../dist/program/text.js';

/** Why nothing can be compiled by clang here, or null. */
const noClang = await clang()
  .identify()
  .then(
    () => null,
    (error) => error.summary as string,
  );
if (noClang !== null) console.log(`skipped: ${noClang}`);
const hasPtxas = spawnSync('ptxas', ['--version']).status === 0;
if (!hasPtxas) console.log('not assembled: ptxas is missing');

const Sums = actor('CudaClangSums', {
  state: { xs: array(f32, 100), bins: array(u32, 4), total: u64, root: f32 },
  messages: { Go: { n: u32 } },
  emits: { Done: { total: u64 } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.xs[i] = Math.floor(1 / (f32(i) + 1.5));
        (s.bins[i % 4] as number) += 1;
      });
      s.root = Math.sqrt(ctx.sum(m.n, (i) => s.xs[i] as number));
      for (let i = 0; i < m.n; i++) s.total += u64(m.n);
      ctx.emit('Done', { total: s.total });
    },
  },
});

const Waves = actor('CudaClangWaves', {
  state: { x: f32 },
  messages: { Go: {} },
  on: {
    Go(ctx) {
      ctx.state.x = Math.sin(ctx.state.x) + Math.cos(ctx.state.x);
    },
  },
});

test.skipIf(noClang !== null)(
  'clang compiles without any file of NVIDIA’s, for older drivers too',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-clang-'));
    const text = (lanes: number): string =>
      programText(compile(Sums).program, { lanes, interruptible: lanes > 32 });
    const programs = { system: systemProgram, thread: text(1), warp: text(32), block: text(128) };
    for (const [name, program] of Object.entries(programs)) {
      const ptx = new TextDecoder().decode(await clang().compile(name, program));
      expect(ptx).toContain('.version 6.4\n.target sm_75\n');
      expect(ptx).toContain(name === 'system' ? '.entry rk_dispatch' : '.entry rk_work');
      expect(ptx).not.toMatch(/\bfma\.|\.extern/u);
      if (!hasPtxas) continue;
      const file = join(folder, `${name}.ptx`);
      writeFileSync(file, ptx);
      for (const architecture of ['sm_75', 'sm_90']) {
        const args = [`-arch=${architecture}`, file, '-o', join(folder, 'out')];
        await promisify(execFile)('ptxas', args);
      }
    }
    rmSync(folder, { recursive: true });
  },
  120_000,
);

test.skipIf(noClang !== null)(
  'a program with functions that clang lacks is for another compiler; a wrong one is refused',
  async () => {
    const text = programText(compile(Waves).program, { lanes: 1, interruptible: false });
    await expect(clang().compile('waves', text)).rejects.toMatchObject({
      code: 'RK_CUDA_UNAVAILABLE',
      reasons: ['clang: it has no sinf, cosf for GPUs'],
    });
    await expect(clang().compile('bad', `${systemProgram}int f( {`)).rejects.toMatchObject({
      code: 'RK_CUDA_COMPILE',
      log: expect.stringContaining('error'),
    });
  },
  120_000,
);
