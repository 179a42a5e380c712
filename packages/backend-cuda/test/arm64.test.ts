import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadAddon } from '../dist/native/load.js';
import { addonSources } from '../dist/native/sources.js';

const qemu = 'qemu-aarch64-static';
const compiler = 'aarch64-linux-gnu-g++';
const node = process.env.RK_ARM64_NODE;
/** Where Debian keeps the C library for arm64. */
const libraries = process.env.QEMU_LD_PREFIX ?? '/usr/aarch64-linux-gnu';

const missing: string | null =
  node === undefined
    ? 'RK_ARM64_NODE names no Node for arm64 (see docs/cuda.md)'
    : ([qemu, compiler].find((name) => spawnSync(name, ['--version']).status !== 0) ?? null);
if (missing !== null) console.log(`the arm64 addon is not run: ${missing}`);

/** A folder with the programs that a machine with arm64 would have: `node`, and `g++` for the simulated device. */
function arm64Programs(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-arm64-'));
  const found = spawnSync('sh', ['-c', `command -v ${compiler}`], { encoding: 'utf8' });
  symlinkSync(found.stdout.trim(), join(folder, 'g++'));
  const start = join(folder, 'node');
  writeFileSync(start, `#!/bin/sh\nexec ${qemu} -L '${libraries}' '${node}' "$@"\n`);
  chmodSync(start, 0o755);
  return folder;
}

test.skipIf(missing !== null)(
  'the prebuilt addon for arm64 loads, and runs actors of the simulated device',
  async () => {
    const folder = arm64Programs();
    const start = join(folder, 'node');
    const script = fileURLToPath(new URL('arm64-actor.mjs', import.meta.url));
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, RK_ARM64_START: start };
    const nowhere = { ...env, RK_CUDA_DRIVER: '/nowhere/libcuda.so' };
    const { stdout } = await promisify(execFile)(start, [script], { env: nowhere });
    rmSync(folder, { recursive: true });
    const { sources: _, ...functions } = loadAddon();
    expect(JSON.parse(stdout)).toMatchObject({
      arch: 'arm64',
      sources: addonSources,
      exported: Object.keys(functions).sort(),
      probe: { available: false, code: 'RK_CUDA_UNAVAILABLE' },
      states: [
        { answer: 42, next: 1000, wrong: 0, right: 250 },
        { answer: 42, next: 1000, wrong: 0, right: 250 },
      ],
      deviceId: 'cuda:simulated',
    });
  },
  300_000,
);
