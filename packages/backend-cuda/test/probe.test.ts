import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend, CudaUnavailableError, type FoundDevice } from '@ringkernel/backend-cuda';
import { InvalidOptionError, NotSupportedError } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { systemLibraries } from '../dist/native/libraries.js';
import { cudaOptions } from '../dist/options.js';
import { checkHostMemory, chooseDevice } from '../dist/probe/choice.js';
import { askChild, resultOf } from '../dist/probe/probe.js';

test('a probe says what is here or why nothing is, and never throws', async () => {
  const result = await backend.probe();
  if (result.available) {
    expect(result.devices.length).toBeGreaterThan(0);
    for (const device of result.devices)
      expect(device).toMatchObject({ backend: 'cuda', kind: 'gpu' });
  } else {
    expect(result.code).toMatch(/^RK_CUDA_/);
    expect(result.reason).not.toBe('');
  }
});

test('a driver that crashes the process is a reason, not a crash', async () => {
  const script = join(tmpdir(), `ringkernel-crash-${process.pid}.cjs`);
  writeFileSync(script, "process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 10_000);");
  const result = resultOf(await askChild(script));
  expect(result).toMatchObject({ available: false, code: 'RK_CUDA_DRIVER' });
  expect(result.available || result.reason).toContain('SIGSEGV');
});

const usable = {
  ordinal: 1,
  name: 'New',
  uuid: 'GPU-1',
  memoryBytes: 1,
  warpSize: 32,
  multiprocessors: 2,
  threadsPerMultiprocessor: 1024,
  major: 7,
  minor: 5,
  kernelTimeout: 0,
  canMapHostMemory: 1,
  hostRegister: 1,
  computeMode: 0,
  pciBus: 0,
  pciDevice: 0,
  peers: [],
};
const old = { ...usable, ordinal: 0, name: 'Old', uuid: 'GPU-0', minor: 4 };

test('devices that cannot run persistent kernels are refused, each with its reason', () => {
  const blind = { ...usable, name: 'Blind', canMapHostMemory: 0 };
  const closed = { ...usable, name: 'Closed', computeMode: 2 };
  expect(resultOf({ driver: 'CUDA 13.0', devices: [old, blind, closed] })).toMatchObject({
    available: false,
    code: 'RK_CUDA_UNAVAILABLE',
    reason:
      'no device can be used: Old: compute capability 7.5 is wanted, it has 7.4; ' +
      "Blind: it can't map host memory; Closed: its compute mode is prohibited",
  });
  const taken = resultOf({ driver: 'CUDA 13.0', devices: [old, usable] });
  expect(taken).toMatchObject({ available: true, devices: [{ id: 'GPU-1', driver: 'CUDA 13.0' }] });
});

test('the device that is opened is the one asked for, or the first that can be used', () => {
  const choose = (wanted?: string): FoundDevice =>
    chooseDevice([old, usable], wanted, ({ uuid }) => uuid);
  for (const wanted of [undefined, 'GPU-1', 'cuda:1']) expect(choose(wanted)).toBe(usable);
  for (const wanted of ['GPU-0', 'cuda:0']) {
    expect(() => choose(wanted)).toThrow(
      /^No device can be used:\n {2}Old: compute capability 7\.5 is wanted, it has 7\.4/,
    );
  }
  expect(() => choose('cuda:2')).toThrow(InvalidOptionError);
  expect(() => chooseDevice([], undefined, ({ uuid }) => uuid)).toThrow(CudaUnavailableError);
});

test('memory of the program is refused where the device can not have it', () => {
  const without = { ...usable, hostRegister: 0 };
  for (const wrong of [{ hostMemory: 'webassembly' }, { hostLanes: 2 }]) {
    checkHostMemory(usable, cudaOptions(wrong));
    expect(() => checkHostMemory(without, cudaOptions(wrong))).toThrow(NotSupportedError);
  }
  checkHostMemory(without, cudaOptions({}));
});

test('environment variables name the libraries', () => {
  expect(
    systemLibraries({ RK_CUDA_DRIVER: '/a.so', RK_CUDA_NVRTC: '/b.so', RK_CUDA_NVML: '/c.so' }),
  ).toEqual({
    driver: ['/a.so'],
    nvrtc: ['/b.so'],
    nvml: ['/c.so'],
  });
  expect(systemLibraries({}).driver[0]).toBe('libcuda.so.1');
});

test('NVRTC of pip is found, in the active environment and beside each Python of the PATH', () => {
  const root = mkdtempSync(join(tmpdir(), 'ringkernel-python-'));
  const library = (python: string): string => {
    const lib = join(root, python, 'lib', 'python3.12', 'site-packages', 'nvidia', 'cu13', 'lib');
    mkdirSync(lib, { recursive: true });
    mkdirSync(join(root, python, 'bin'));
    for (const file of [join(root, python, 'bin', 'python3'), join(lib, 'libnvrtc.so.13')]) {
      writeFileSync(file, '');
    }
    return join(lib, 'libnvrtc.so.13');
  };
  const [active, other] = [library('active'), library('other')];
  const env = { VIRTUAL_ENV: join(root, 'active'), PATH: join(root, 'other', 'bin') };
  expect(systemLibraries(env).nvrtc).toEqual(expect.arrayContaining([active, other]));
  expect(systemLibraries({ PATH: '/nowhere' }).nvrtc).not.toContain(other);
  rmSync(root, { recursive: true });
});
