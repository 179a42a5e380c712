import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { Addon } from '../dist/native/addon.js';
import { addonPaths, loadAddon, loadFirst } from '../dist/native/load.js';
import { addonSources } from '../dist/native/sources.js';
import { simulatedLibraries, simulationFolder } from '../dist/simulation/build.js';
import { noSimulation } from './simulation.ts';

const simulated = test.skipIf(noSimulation !== null);

/** A kernel that adds one to so many words, and one that runs until a word says stop. */
const source = `
#include "rk_port.h"
#include <stdio.h>
struct Many { rk_u32* words; rk_u64 count; };
RK_KERNEL(add_one, Many) { for (rk_u64 i = RK_TID; i < p.count; i += RK_BDIM) p.words[i] += 1; }
struct Until { rk_u32* words; };
RK_KERNEL(wait_for, Until) {
  rk_store_release_sys(p.words + 1, 7u);
  while (rk_load_acquire_sys(p.words) != 5u) rk_sleep(2000);
}
RK_KERNEL(say_goodbye, Until) {
  rk_store_release_sys(p.words + 1, 7u);
  while (rk_load_acquire_sys(p.words) != 5u) rk_sleep(2000);
  fputs("the kernel has left", stderr);
}
`;

async function compiled(addon: Addon, text: string) {
  const { driver, nvrtc } = await simulatedLibraries();
  const header = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const headers = [header('../device/rk_port.h'), header('../sim/rk_sim.h')];
  const options = [`--sim-folder=${simulationFolder}`, '--sim-flags=-O0'];
  const { image } = await addon.compile(
    nvrtc,
    'test',
    text,
    ['rk_port.h', 'rk_sim.h'],
    headers,
    options,
  );
  return { driver, image };
}

async function idle(addon: Addon, stream: number): Promise<void> {
  while (addon.query(stream) === 'running') {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const thrownBy = (call: () => unknown): Record<string, unknown> => {
  try {
    call();
  } catch (error) {
    return { ...(error as object), message: (error as Error).message };
  }
  throw new Error('nothing was thrown');
};

test('an addon that is not there gives every reason', () => {
  expect(() => loadFirst(['/nowhere/a.node', '/nowhere/b.node'])).toThrow(
    /No addon for .*\n.*\/nowhere\/a\.node.*\n.*\/nowhere\/b\.node/,
  );
  expect(addonPaths('/chosen.node')).toEqual(['/chosen.node']);
});

const prebuilt = (architecture: string): string =>
  fileURLToPath(
    new URL(`../prebuilds/linux-${architecture}/ringkernel_cuda.node`, import.meta.url),
  );

test('the prebuilt addons are of the sources that are here', () => {
  const script = fileURLToPath(new URL('../native/sources.mjs', import.meta.url));
  expect(execFileSync(process.execPath, [script], { encoding: 'utf8' })).toBe(addonSources);
  for (const architecture of ['x64', 'arm64']) {
    expect(readFileSync(prebuilt(architecture)).includes(addonSources), architecture).toBe(true);
  }
});

test('the prebuilt addons need no newer C library than the docs say, and no C++ library', () => {
  const page = readFileSync(new URL('../../../docs/cuda.md', import.meta.url), 'utf8');
  for (const architecture of ['x64', 'arm64']) {
    const bytes = readFileSync(prebuilt(architecture), 'latin1');
    const versions = [...bytes.matchAll(/\0GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(page).toMatch(new RegExp(`glibc\\s2\\.${Math.max(...versions)}\\s`));
    expect(bytes).not.toMatch(/\0(libstdc\+\+\.so|GLIBCXX_\d)/);
  }
});

simulated('an addon of other sources is not used: the next one is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-addon-'));
  const stale = join(folder, 'ringkernel_cuda.node');
  const bytes = readFileSync(prebuilt(process.arch));
  bytes.write('0123456789abcdef', bytes.indexOf(addonSources));
  writeFileSync(stale, bytes);
  expect(loadFirst([stale, prebuilt(process.arch)]).sources).toBe(addonSources);
  expect(() => loadFirst([stale, '/nowhere/b.node'])).toThrow(
    `${stale}: it was built from other sources (0123456789abcdef) than these (${addonSources})`,
  );
  rmSync(folder, { recursive: true });
});

test('a missing driver is an error with all that was tried', () => {
  const failure = thrownBy(() => loadAddon().findDriver(['/nowhere/a.so', '/nowhere/b.so']));
  expect(failure.code).toBe('RK_CUDA_NO_DRIVER');
  expect(failure.reasons).toHaveLength(2);
});

test('a library that is no driver is refused by name of what it lacks', () => {
  const failure = thrownBy(() => loadAddon().findDriver(['libc.so.6']));
  expect(failure).toMatchObject({ code: 'RK_CUDA_DRIVER_TOO_OLD', call: 'cuInit' });
});

test('every function says what argument was wrong, and what was wanted', () => {
  const addon = loadAddon() as unknown as Record<string, (...a: unknown[]) => unknown>;
  for (const [name, call] of Object.entries(addon)) {
    if (name === 'sources') continue;
    for (const bad of [undefined, {}, -1, 1.5, 'x', Number.NaN, null, 4_000_000_000]) {
      const failure = thrownBy(() => call(bad, bad, bad, bad, bad, bad, bad));
      expect(failure, name).toMatchObject({ code: 'RK_CUDA_ARGUMENT' });
      expect(failure.wanted, name).toBeTypeOf('string');
    }
  }
});

simulated('a program is compiled, loaded, launched, and its result read', async () => {
  const addon = loadAddon();
  const { driver, image } = await compiled(addon, source);
  const context = await addon.open(driver, 0);
  const module = await addon.loadModule(context, image);
  const fn = addon.getFunction(module, 'add_one', 1);
  const stream = addon.createStream(context);
  const memory = addon.allocateDevice(context, 400);
  addon.copyToDevice(memory.handle, 0, new Uint8Array(Uint32Array.of(41).buffer));
  const parameters = new Uint8Array(BigUint64Array.of(memory.device, 100n).buffer);
  addon.launch(fn.handle, stream, 1, 4, parameters, [0]);
  await idle(addon, stream);
  const bytes = await addon.copyFromDevice(memory.handle, 0, 8, stream);
  expect([...new Uint32Array(bytes.buffer, bytes.byteOffset, 2)]).toEqual([42, 1]);
  for (const handle of [memory.handle, stream, fn.handle, module, context]) addon.free(handle);
  expect(thrownBy(() => addon.query(stream))).toMatchObject({ code: 'RK_CUDA_ARGUMENT' });
});

simulated('what could hang while a kernel runs is refused; the kernel obeys the host', async () => {
  const addon = loadAddon();
  const { driver, image } = await compiled(addon, source);
  const context = await addon.open(driver, 0);
  const module = await addon.loadModule(context, image);
  const fn = addon.getFunction(module, 'wait_for', 1);
  const stream = addon.createStream(context);
  const memory = addon.allocateHost(context, 64);
  const words = new Int32Array(memory.buffer);
  const parameters = new Uint8Array(BigUint64Array.of(memory.device).buffer);
  addon.launch(fn.handle, stream, 1, 1, parameters, [0]);
  while (Atomics.load(words, 1) !== 7) await new Promise((resolve) => setImmediate(resolve));
  expect(addon.query(stream)).toBe('running');
  const refused = thrownBy(() => addon.allocateDevice(context, 64));
  expect(refused).toMatchObject({ code: 'RK_CUDA_BUSY', call: 'cuMemAlloc_v2' });
  Atomics.store(words, 0, 5);
  await idle(addon, stream);
  expect(addon.query(stream)).toBe('idle');
  for (const handle of [memory.handle, stream, fn.handle, module, context]) addon.free(handle);
});

simulated(
  'a function is loaded before its first launch, whatever runs then',
  async () => {
    const addon = loadAddon();
    const { driver, image } = await compiled(addon, source);
    const context = await addon.open(driver, 0);
    process.env.CUDA_MODULE_LOADING = 'LAZY';
    const module = await addon.loadModule(context, image);
    process.env.CUDA_MODULE_LOADING = 'EAGER';
    const [later, first] = ['add_one', 'wait_for'].map((name) =>
      addon.getFunction(module, name, 1),
    );
    const [one, other] = [addon.createStream(context), addon.createStream(context)];
    const memory = addon.allocateHost(context, 64);
    const words = new Int32Array(memory.buffer);
    const parameters = new Uint8Array(BigUint64Array.of(memory.device, 3n).buffer);
    addon.launch(first?.handle ?? 0, one, 1, 1, parameters, [0]);
    while (Atomics.load(words, 1) !== 7) await new Promise((resolve) => setImmediate(resolve));
    addon.launch(later?.handle ?? 0, other, 1, 1, parameters, [0]);
    await idle(addon, other);
    expect([...words.subarray(0, 3)]).toEqual([1, 8, 1]);
    Atomics.store(words, 0, 5);
    await idle(addon, one);
    for (const handle of [memory.handle, one, other, module, context]) addon.free(handle);
  },
  60_000,
);

simulated('what is freed while a kernel runs, is given back when none does', async () => {
  const addon = loadAddon();
  const { driver, image } = await compiled(addon, source);
  const context = await addon.open(driver, 0);
  const module = await addon.loadModule(context, image);
  const fn = addon.getFunction(module, 'wait_for', 1);
  const stream = addon.createStream(context);
  const memory = addon.allocateHost(context, 64);
  const large = addon.allocateDevice(context, 700 << 20); // of 1 GiB
  const words = new Int32Array(memory.buffer);
  const parameters = new Uint8Array(BigUint64Array.of(memory.device).buffer);
  addon.launch(fn.handle, stream, 1, 1, parameters, [0]);
  while (Atomics.load(words, 1) !== 7) await new Promise((resolve) => setImmediate(resolve));
  addon.free(large.handle);
  expect(addon.query(stream)).toBe('running');
  Atomics.store(words, 0, 5);
  await idle(addon, stream);
  const again = addon.allocateDevice(context, 700 << 20);
  for (const handle of [again.handle, memory.handle, stream, fn.handle, module, context]) {
    addon.free(handle);
  }
});

simulated(
  'a process that exits tells its kernels to leave',
  async () => {
    const { driver, image } = await compiled(loadAddon(), source);
    const program = `
    const addon = require(${JSON.stringify(prebuilt(process.arch))});
    addon.open(${JSON.stringify(driver)}, 0).then(async (context) => {
      const module = await addon.loadModule(context, Buffer.from('${Buffer.from(image).toString('hex')}', 'hex'));
      const fn = addon.getFunction(module, 'say_goodbye', 1);
      const stream = addon.createStream(context);
      const { handle, device, buffer } = addon.allocateHost(context, 64);
      addon.setKillWord(stream, handle, 0, 5);
      addon.launch(fn.handle, stream, 1, 1, new Uint8Array(BigUint64Array.of(device).buffer), [0]);
      const words = new Int32Array(buffer);
      setInterval(() => { if (Atomics.load(words, 1) === 7) process.exit(0); }, 1);
    });`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, 'the kernel has left']);
  },
  60_000,
);

simulated(
  'what the driver and NVRTC look for is found beside them',
  async () => {
    const { driver } = await simulatedLibraries();
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-beside-'));
    const library = join(folder, 'both.so');
    copyFileSync(driver[0] as string, library);
    const names = ['libnvidia-ptxjitcompiler.so.1', 'libnvrtc-builtins.so.13.0'];
    for (const name of names) {
      const text = `#include <stdio.h>\n__attribute__((constructor)) static void load() { fputs("${name} ", stderr); }`;
      const file = join(folder, name);
      execFileSync('g++', ['-x', 'c++', '-', '-shared', '-fPIC', '-o', file], { input: text });
    }
    const program = `
    const addon = require(${JSON.stringify(prebuilt(process.arch))});
    addon.findDriver([${JSON.stringify(library)}]);
    addon.findCompiler([${JSON.stringify(library)}]);`;
    const { stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect(stderr.trim().split(' ')).toEqual(names);
    rmSync(folder, { recursive: true });
  },
  60_000,
);

simulated('compile errors carry the log; images that are none are refused', async () => {
  const addon = loadAddon();
  await expect(compiled(addon, 'int f( {')).rejects.toMatchObject({
    code: 'RK_CUDA_COMPILE',
    log: expect.stringContaining('error'),
  });
  const { driver } = await simulatedLibraries();
  const context = await addon.open(driver, 0);
  await expect(addon.loadModule(context, Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
    code: 'RK_CUDA_DRIVER',
    call: 'cuModuleLoadDataEx',
    resultName: 'CUDA_ERROR_INVALID_IMAGE',
  });
  addon.free(context);
});

/** A worker that launches a kernel and says so; then it ends in its own way, or is ended. */
const script = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { how, buffer } = workerData;
  const addon = require(workerData.addon);
  addon.open(workerData.driver, 0).then(async (context) => {
    const module = await addon.loadModule(context, workerData.image);
    const fn = addon.getFunction(module, 'wait_for', 1);
    const stream = addon.createStream(context);
    const memory = addon.registerHost(context, new Uint8Array(buffer));
    const words = new Int32Array(buffer);
    const waker = addon.startWaker(context, 100, 50, () => {});
    const ring = addon.allocateHost(context, 64);
    addon.watchRing(waker, ring.handle, memory.handle, 4, 1, 1, 3);
    addon.armWaker(waker);
    if (how !== 'stuck') addon.setKillWord(stream, memory.handle, 0, 5);
    addon.launch(fn.handle, stream, 1, 1, new Uint8Array(BigUint64Array.of(memory.device).buffer), [0]);
    const started = setInterval(() => {
      if (Atomics.load(words, 1) !== 7) return;
      clearInterval(started);
      parentPort.postMessage('runs');
      if (how === 'left') Atomics.store(words, 0, 5);
      if (how === 'left' || how === 'exits') process.exit(0);
      if (how === 'ends') parentPort.close();
      else setInterval(() => {}, 1000);
    }, 1);
  });`;

/** Runs the worker on a kernel until both have ended; what became of the kernel's words. */
async function cycle(how: string, worker: Omit<Ended, 'code'>): Promise<Ended> {
  const thread = new Worker(script, { eval: true, workerData: { how, ...worker } });
  const ended = new Promise<number>((resolve, reject) => {
    thread.once('exit', resolve);
    thread.once('error', reject);
  });
  await new Promise((resolve) => thread.once('message', resolve));
  if (how === 'terminated' || how === 'stuck') void thread.terminate();
  return { ...worker, code: await ended };
}

interface Ended {
  readonly addon: string;
  readonly driver: readonly string[];
  readonly image: Uint8Array;
  readonly buffer: ArrayBufferLike;
  readonly code: number;
}

/** Memory that outlives the worker whose kernel uses it. */
const sharedWords = (): ArrayBufferLike => new SharedArrayBuffer(4096);

simulated(
  'fifty workers end in the middle of a kernel, however they end',
  async () => {
    const { driver, image } = await compiled(loadAddon(), source);
    const addon = process.env.RK_CUDA_ADDON ?? prebuilt(process.arch);
    const ways = ['left', 'exits', 'terminated', 'ends'];
    for (let i = 0; i < 50; i++) {
      const how = ways[i % ways.length] as string;
      const { code, buffer } = await cycle(how, { addon, driver, image, buffer: sharedWords() });
      expect(code, how).toBe(how === 'terminated' ? 1 : 0);
      // Its kernel was told to leave.
      expect([...new Int32Array(buffer, 0, 2)], how).toEqual([5, 7]);
    }
  },
  120_000,
);

simulated(
  'a worker whose kernel does not leave ends even so, and frees nothing under it',
  async () => {
    const { driver, image } = await compiled(loadAddon(), source);
    const addon = process.env.RK_CUDA_ADDON ?? prebuilt(process.arch);
    const { code, buffer } = await cycle('stuck', { addon, driver, image, buffer: sharedWords() });
    expect(code).toBe(1);
    const words = new Int32Array(buffer);
    expect(Atomics.load(words, 0)).toBe(0);
    Atomics.store(words, 0, 5);
  },
  60_000,
);
