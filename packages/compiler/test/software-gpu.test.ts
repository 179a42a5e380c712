import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { softwareGpu } from '../src/fuzz/swiftshader.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a GPU in software comes from npm, unless a driver is named', () => {
  vi.stubEnv('VK_DRIVER_FILES', undefined);
  const gpu = softwareGpu();
  if (typeof gpu === 'string') throw new Error(gpu);
  expect(existsSync(gpu.VK_DRIVER_FILES ?? '')).toBe(true);
  vi.stubEnv('VK_DRIVER_FILES', '/some/driver.json');
  expect(softwareGpu()).toEqual({});
});

test('where it can not be unpacked there is a reason', () => {
  const empty = mkdtempSync(join(tmpdir(), 'ringkernel-empty-'));
  vi.stubEnv('VK_DRIVER_FILES', undefined);
  vi.stubEnv('TMPDIR', empty);
  vi.stubEnv('PATH', empty); // there is no tar
  expect(softwareGpu()).toMatch(/^SwiftShader can't be unpacked: .*tar/);
  rmSync(empty, { recursive: true, force: true });
});
