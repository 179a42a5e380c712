import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend } from '@ringkernel/backend-cuda';
import { expect, test } from 'vitest';
import { systemLibraries } from '../dist/native/libraries.js';
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

test('devices that cannot run persistent kernels are refused, each with its reason', () => {
  const device = {
    ordinal: 0,
    name: 'Old',
    uuid: 'GPU-0',
    memoryBytes: 1,
    warpSize: 32,
    multiprocessors: 2,
    threadsPerMultiprocessor: 1024,
    major: 6,
    minor: 1,
    kernelTimeout: 0,
    canMapHostMemory: 1,
    hostRegister: 1,
    computeMode: 0,
    pciBus: 0,
    pciDevice: 0,
    peers: [],
  };
  const refused = resultOf({ driver: 'CUDA 13.0', devices: [device] });
  expect(refused).toMatchObject({ available: false, reason: expect.stringContaining('7.5') });
  const taken = resultOf({ driver: 'CUDA 13.0', devices: [device, { ...device, major: 9 }] });
  expect(taken).toMatchObject({ available: true, devices: [{ id: 'GPU-0', driver: 'CUDA 13.0' }] });
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
