// The order of compilers, end to end: the simulated driver takes the place of the system's, and compilers that call g++
// take the places of nvcc and clang, so that every link of the chain makes programs that run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  backend,
  CudaUnavailableError,
  type ProgramOrigin,
  programOrigins,
  writePtx,
} from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, type KernelImage, u32 } from '@ringkernel/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { simulatedLibraries } from '../dist/simulation/build.js';
import { fakeToolkit } from './fake-toolkit.ts';
import { noSimulation } from './simulation.ts';

const root = mkdtempSync(join(tmpdir(), 'ringkernel-chain-'));
const saved = { ...process.env };
let folders = 0;

function folder(): string {
  const path = join(root, `folder-${folders++}`);
  mkdirSync(path);
  return path;
}

const toolkit = (...names: readonly string[]): string => fakeToolkit(folder(), names);

const Chained = actor('CudaChained', {
  state: { total: u32 },
  messages: { Go: {} },
  on: {
    Go(ctx) {
      for (let i = 0; i < 7; i++) ctx.state.total += 1;
    },
  },
});

const device = { workers: 1, blockThreads: 64 };

/** Runs the actor on the system's device; where its programs came from. */
async function run(
  options: Readonly<Record<string, unknown>>,
  image: KernelImage = compile(Chained),
): Promise<readonly ProgramOrigin[]> {
  const before = programOrigins().length;
  const opened = await backend.open({ backendOptions: { ...device, ...options } });
  try {
    opened.ref();
    const launch = { id: 'c', instances: 1, queueCapacity: 16, baseAddress: 64 } as const;
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const kernel = await opened.launch(image, { ...launch, onFull: 'wait' }, sink);
    await kernel.activate();
    const [go] = image.messages;
    if (go === undefined) throw new Error('no message');
    const plain = { priority: 1, wantsReply: false, correlationLow: 0 } as const;
    kernel.inject(0, go, () => {}, {}, { ...plain, correlationHigh: 0, deadlineMs: 0 });
    await opened.settled();
    expect([...(await kernel.readState(0))]).toEqual([7, 0, 0, 0]);
  } finally {
    await opened.close();
  }
  return programOrigins().slice(before);
}

describe.skipIf(noSimulation !== null)('a program is compiled by', () => {
  let driver = '';

  beforeAll(async () => {
    const libraries = await simulatedLibraries();
    driver = libraries.driver[0] as string;
  }, 120_000);

  /** Another library's name stands for another process: within one, a program is compiled once. */
  function environment(names: readonly string[], more: NodeJS.ProcessEnv = {}): void {
    const nvrtc = `/nowhere/${folders}.so`;
    const own = { RK_CUDA_DRIVER: driver, RK_CUDA_NVRTC: nvrtc, PATH: toolkit(...names) };
    Object.assign(process.env, own, more);
  }

  afterEach(() => {
    for (const name of ['RK_CUDA_DRIVER', 'RK_CUDA_NVRTC', 'RK_CUDA_CLANG']) {
      delete process.env[name];
    }
    Object.assign(process.env, saved);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const noNvrtc = expect.stringMatching(/^\/nowhere\/\d+\.so: .*cannot open shared object file/);
  const noNvcc = 'nvcc: ENOENT';
  const noClang = expect.stringMatching(/^clang: ENOENT \(clang, clang-22, /);

  test('nvcc, where there is no NVRTC', async () => {
    environment(['nvcc', 'clang']);
    const from = await run({ cacheFolder: false });
    expect(from.map(({ program }) => program)).toEqual(['system', 'CudaChained']);
    for (const one of from) {
      expect(one).toMatchObject({ from: 'nvcc', cached: false, reasons: [noNvrtc] });
    }
  }, 120_000);

  test('nvcc, where NVRTC does not know what is asked of it', async () => {
    environment(['nvcc'], { RK_CUDA_NVRTC: driver });
    const [system] = await run({ cacheFolder: false });
    const said = expect.stringContaining('NVRTC_ERROR_INVALID_OPTION (5): --sim-folder is missing');
    expect(system).toMatchObject({ from: 'nvcc', reasons: [said] });
  }, 120_000);

  test('clang, where there is no nvcc either, by the name that it has', async () => {
    for (const [name, more] of [
      ['clang', {}],
      ['clang-19', {}],
      ['my-clang', { RK_CUDA_CLANG: 'my-clang' }],
    ] as const) {
      environment([name], more);
      const [system] = await run({ cacheFolder: false });
      expect(system).toMatchObject({ from: 'clang', reasons: [noNvrtc, noNvcc] });
    }
  }, 120_000);

  test('nobody, and was taken from the cache', async () => {
    const cacheFolder = folder();
    environment(['clang']);
    expect((await run({ cacheFolder }))[0]).toMatchObject({ from: 'clang', cached: false });
    environment(['clang']);
    expect((await run({ cacheFolder }))[0]).toMatchObject({ from: 'clang', cached: true });
    environment([]);
    for (const one of await run({ cacheFolder })) {
      const reasons = [noNvrtc, noNvcc, noClang];
      expect(one).toMatchObject({ from: 'cache', cached: true, reasons });
    }
  }, 120_000);

  test('nobody, and came with the application', async () => {
    const ptxFolder = folder();
    environment(['nvcc']);
    const written = await writePtx([compile(Chained)], {
      folder: ptxFolder,
      architectures: [75, 120],
      backendOptions: device,
    });
    expect(written).toEqual(
      [75, 120].flatMap((architecture) => [
        { program: 'system', architecture, from: 'nvcc' },
        { program: 'CudaChained', architecture, from: 'nvcc' },
      ]),
    );
    const cacheFolder = folder();
    environment([]);
    const nothing = `cache ${cacheFolder}: it has nothing of this text, headers and options`;
    for (const one of await run({ ptxFolder, cacheFolder })) {
      const reasons = [noNvrtc, noNvcc, noClang, nothing];
      expect(one).toMatchObject({ from: 'shipped', cached: true, reasons });
    }
  }, 120_000);

  test('nobody: every reason is told', async () => {
    const ptxFolder = folder();
    environment(['nvcc']);
    const what = { folder: ptxFolder, architectures: [90], backendOptions: device };
    await writePtx([compile(Chained)], what);
    environment([]);
    const error = await run({ ptxFolder, cacheFolder: false }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CudaUnavailableError);
    expect((error as CudaUnavailableError).reasons).toEqual([
      noNvrtc,
      noNvcc,
      noClang,
      'cache: turned off',
      `shipped ${ptxFolder}: it has it for compute capability 9.0, the device has 7.5`,
    ]);
  }, 120_000);

  test('nobody, when what was shipped is of another text', async () => {
    const ptxFolder = folder();
    environment(['nvcc']);
    const other = { ...device, handlerTimeoutMs: 5 };
    await writePtx([compile(Chained)], { folder: ptxFolder, backendOptions: other });
    environment([]);
    await expect(run({ ptxFolder, cacheFolder: false })).rejects.toMatchObject({
      reasons: expect.arrayContaining([
        `shipped ${ptxFolder}: it has nothing of this text, headers and options`,
      ]),
    });
    environment([]);
    const [system, own] = await run({ ptxFolder, cacheFolder: false, handlerTimeoutMs: 5 });
    expect([system?.from, own?.from]).toEqual(['shipped', 'shipped']);
  }, 120_000);

  test('a command, for the actors of a module', () => {
    const ptxFolder = folder();
    environment(['nvcc']);
    const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    const command = [file('../dist/program/ship-cli.js'), file('shipped-actors.mjs')];
    const more = ['--architectures', '75,90', '--options', '{"workers":1}'];
    const args = [...command, '-o', ptxFolder, ...more];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stdout.split('\n')).toEqual([
      'system for compute capability 7.5, by nvcc',
      'CudaShipped for compute capability 7.5, by nvcc',
      'system for compute capability 9.0, by nvcc',
      'CudaShipped for compute capability 9.0, by nvcc',
      '',
    ]);
    expect(status).toBe(0);
    expect(readdirSync(ptxFolder)).toHaveLength(4);
    const wrong = spawnSync(process.execPath, [...args, '--options', '{"worker":1}']);
    expect(wrong.status).toBe(2);
    expect(String(wrong.stderr)).toContain('worker');
    expect(spawnSync(process.execPath, command).status).toBe(2);
  }, 120_000);

  test('nobody, where a compiler has no NVIDIA devices', async () => {
    environment(['clang']);
    const bin = process.env.PATH as string;
    writeFileSync(join(bin, 'clang'), '#!/bin/sh\necho clang version 1.0\n');
    await expect(run({ cacheFolder: false })).rejects.toMatchObject({
      reasons: expect.arrayContaining(['clang: it was built without the target nvptx64']),
    });
  }, 120_000);
});

test('nothing is shipped without a compiler, for unknown devices, or to where it can not be', async () => {
  const images = [compile(Chained)];
  process.env.PATH = '/nowhere';
  try {
    await expect(writePtx(images, { folder: '/nowhere' })).rejects.toMatchObject({
      code: 'RK_CUDA_UNAVAILABLE',
      reasons: ['nvcc: ENOENT', expect.stringContaining('clang: ENOENT')],
    });
    for (const architectures of [[], [70], [75, 1000]]) {
      await expect(writePtx(images, { folder: '/nowhere', architectures })).rejects.toMatchObject({
        code: 'RK_INVALID_OPTION',
      });
    }
  } finally {
    process.env.PATH = saved.PATH;
  }
});
