import { readFileSync } from 'node:fs';
import { NotSupportedError } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { KernelTable } from '../dist/host/kernel-table.js';
import { cudaOptions } from '../dist/options.js';

const page = readFileSync(new URL('../../../docs/cuda.md', import.meta.url), 'utf8');
const [, table = ''] = page.split('\n## Options\n');
/** The cells of the options' table: what each is by default, and what it may be. */
const documented = new Map(
  [...table.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| /gm)].map(
    ([, name = '', usual = '', values = '']) => [name, { usual, values }] as const,
  ),
);

const env = { XDG_CACHE_HOME: '/cache' };

test('the table has every option, and its default', () => {
  const saved = process.env.XDG_CACHE_HOME;
  Object.assign(process.env, env);
  const usual = cudaOptions({});
  if (saved === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = saved;
  expect([...documented.keys()]).toEqual(Object.keys(usual));
  const simulated = cudaOptions({ simulated: true });
  expect(usual.cacheFolder).toBe('/cache/ringkernel/cuda');
  const others = { cacheFolder: "the user's cache", ptxFolder: 'none' } as const;
  const told: Readonly<Record<string, string>> = {
    ...others,
    sliceMs: '0; 500 on a GPU whose system ends long kernels', // null here: the device decides
    workers: `${usual.workers}, simulated ${simulated.workers}`,
    blockThreads: `${usual.blockThreads}, simulated ${simulated.blockThreads}`,
  };
  for (const [name, value] of Object.entries(usual)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const found = documented.get(name)?.usual.replaceAll('`', '');
    expect(found, name).toBe(told[name] ?? text);
  }
});

type Step = 'whole' | 'powers of two' | 'multiples of 64';

test.each<readonly [string, number, number, Step]>([
  ['workers', 1, 4096, 'whole'],
  ['blockThreads', 64, 1024, 'powers of two'],
  ['messageSlots', 64, 2 ** 24, 'powers of two'],
  ['maxPayloadBytes', 64, 65_536, 'multiples of 64'],
  ['laneCapacity', 16, 2 ** 20, 'powers of two'],
  ['hostLanes', 1, 32, 'whole'],
  ['hotUs', 0, 1_000_000, 'whole'],
  ['sliceMs', 0, 86_400_000, 'whole'],
  ['handlerTimeoutMs', 0, 1_000_000_000, 'whole'],
])('%s is from %d to %d, and nothing else', (name, least, most, step) => {
  expect(documented.get(name)?.values).toContain(`${least} to ${most}`);
  for (const value of [least, most])
    expect(cudaOptions({ [name]: value })).toMatchObject({ [name]: value });
  const [below, between, above] = {
    whole: [least - 1, least + 0.5, most + 1],
    'powers of two': [least / 2, 3 * least, most * 2],
    'multiples of 64': [0, least + 1, most + 64],
  }[step] as [number, number, number];
  for (const value of [below, between, above, `${least}`]) {
    expect(() => cudaOptions({ [name]: value }), `${value}`).toThrow(
      expect.objectContaining({ code: 'RK_INVALID_OPTION', option: name }),
    );
  }
});

test('the simulated device has at most 16 workers for a kernel', () => {
  expect(documented.get('workers')?.values).toContain('simulated 1 to 16');
  expect(cudaOptions({ simulated: true, workers: 16 }).workers).toBe(16);
  expect(() => cudaOptions({ simulated: true, workers: 17 })).toThrow('from 1 to 16');
});

test('a ring of the lane is at most 1 GiB', () => {
  const maxPayloadBytes = 1024 - 64;
  expect(cudaOptions({ maxPayloadBytes, laneCapacity: 2 ** 20 }).laneCapacity).toBe(2 ** 20);
  const larger = { maxPayloadBytes: 1024, laneCapacity: 2 ** 20 };
  expect(() => cudaOptions(larger)).toThrow('at most 986895 messages of 1024 bytes');
});

test('all kernels of a device have 65503 workers together, and one more is refused', () => {
  const none = new KernelTable(undefined as never);
  expect(none.firstWorker(65_503)).toBe(1);
  expect(() => none.firstWorker(65_504)).toThrow(NotSupportedError);
  expect(() => none.firstWorker(65_504)).toThrow('at most 65503 workers');
});

test('what is no number is checked, too', () => {
  const wrong: readonly (readonly [string, readonly unknown[]])[] = [
    ['simulated', ['yes', 1]],
    ['form', ['grid', 32]],
    ['hostMemory', ['mine', 0]],
    ['handlers', [{ Add: 'x' }, 'x']],
    ['cacheFolder', [true, '']],
    ['ptxFolder', [false, '']],
    ['simulationFlags', ['-O3', [1]]],
    ['threads', [1]],
  ];
  for (const [option, values] of wrong) {
    for (const value of values) {
      expect(() => cudaOptions({ [option]: value }), option).toThrow(
        expect.objectContaining({ code: 'RK_INVALID_OPTION', option }),
      );
    }
  }
});
