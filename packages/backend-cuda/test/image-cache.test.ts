import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cudaOptions } from '../dist/options.js';
import { defaultCacheFolder, hashOf, ImageCache } from '../dist/program/image-cache.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringkernel-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (image: Uint8Array | null): string | null => image && new TextDecoder().decode(image);
const found = (image: Uint8Array | string): string =>
  typeof image === 'string' ? image : new TextDecoder().decode(image);
const key = { program: hashOf('a program'), architecture: 80, compiler: 'nvcc 13.0 -O3' };

test('what was kept is found again, by another cache of the same folder too', () => {
  new ImageCache(join(folder, 'deep', 'er')).write(key, bytes('.version 6.4'));
  expect(text(new ImageCache(join(folder, 'deep', 'er')).read(key))).toBe('.version 6.4');
  expect(readdirSync(join(folder, 'deep', 'er'))).toHaveLength(1); // no draft is left
});

test('another source, architecture or compiler is another entry', () => {
  const cache = new ImageCache(folder);
  cache.write(key, bytes('x'));
  expect(cache.read({ ...key, program: hashOf('a program', '') })).toBeNull();
  expect(cache.read({ ...key, architecture: 75 })).toBeNull();
  expect(cache.read({ ...key, compiler: 'nvcc 13.1 -O3' })).toBeNull();
  expect(text(cache.read(key))).toBe('x');
});

test('a damaged entry is ignored, and can be written again', () => {
  const cache = new ImageCache(folder);
  cache.write(key, bytes('.version 6.4\n.target sm_80'));
  const [name = ''] = readdirSync(folder);
  const whole = readFileSync(join(folder, name));
  for (const damage of [whole.subarray(0, -3), Buffer.from(''), Buffer.from(whole).fill(65, 90)]) {
    writeFileSync(join(folder, name), damage);
    expect(cache.read(key)).toBeNull();
    expect(cache.find(key.program, 90)).toContain("can't be read, or is damaged");
  }
  cache.write(key, bytes('again'));
  expect(text(cache.read(key))).toBe('again');
});

test('without a compiler, the newest architecture that the device has is taken', () => {
  const cache = new ImageCache(folder);
  for (const architecture of [75, 80, 120]) {
    cache.write({ ...key, architecture }, bytes(`sm_${architecture}`));
  }
  expect(found(cache.find(key.program, 90))).toBe('sm_80');
  expect(found(cache.find(key.program, 75))).toBe('sm_75');
  const newer = 'it has it for compute capability 7.5, the device has 7.0';
  expect(cache.find(key.program, 70)).toBe(newer);
  const nothing = 'it has nothing of this text, headers and options';
  expect(cache.find(hashOf('another'), 90)).toBe(nothing);
  expect(new ImageCache(join(folder, 'none')).find(key.program, 90)).toBe(nothing);
});

test('a folder that cannot be written is a warning, not an error', async () => {
  writeFileSync(join(folder, 'file'), '');
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  new ImageCache(join(folder, 'file')).keep(key, bytes('x'));
  expect(await warned).toMatchObject({ code: 'RK_CUDA_CACHE' });
});

test('the folder is where the system keeps such things, or where one wants it, or nowhere', () => {
  expect(cudaOptions({}).cacheFolder).toBe(defaultCacheFolder());
  expect(cudaOptions({ cacheFolder: '/here' }).cacheFolder).toBe('/here');
  expect(cudaOptions({ cacheFolder: false }).cacheFolder).toBeNull();
  expect(defaultCacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/ringkernel/cuda');
  expect(defaultCacheFolder({})).toMatch(/\.cache\/ringkernel\/cuda$/);
});
