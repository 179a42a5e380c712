import { execFileSync } from 'node:child_process';
import { backend } from '@ringkernel/backend-webgpu';
import { expect, test } from 'vitest';

const probe = await backend.probe();
const here = probe.available;

test.skipIf(!here)('the software adapter is listed as such, with its limits', () => {
  if (!probe.available) return;
  expect(probe.devices).toHaveLength(1);
  expect(probe.devices[0]).toMatchObject({ id: 'webgpu:0', backend: 'webgpu', kind: 'software' });
  expect(probe.devices[0]?.memoryBytes).toBeGreaterThan(2 ** 26);
});

test.skipIf(!here)('a device is opened by a part of its name, too', async () => {
  const device = await backend.open({ deviceId: 'swiftshader' });
  expect(device.info.name.toLowerCase()).toContain('swiftshader');
  await device.close();
});

test.skipIf(!here)('a device that is not there is refused with those that are', async () => {
  await expect(backend.open({ deviceId: 'webgpu:9' })).rejects.toMatchObject({
    code: 'RK_INVALID_OPTION',
    wanted: expect.stringContaining('webgpu:0'),
  });
});

test('options are checked', async () => {
  for (const backendOptions of [
    { heapbytes: 1 },
    { heapBytes: 12 },
    { lanes: 0 },
    { powerPreference: 'most' },
  ]) {
    await expect(backend.open({ backendOptions })).rejects.toMatchObject({
      code: 'RK_INVALID_OPTION',
    });
  }
});

/** What `probe` says in a process of its own, which must end by itself. */
function probeIn(env: Record<string, string>): unknown {
  const program = `import { backend } from '@ringkernel/backend-webgpu';
    console.log(JSON.stringify(await backend.probe()));`;
  const args = ['--input-type=module', '--eval', program];
  const text = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(text);
}

test.skipIf(!here)('without a driver there is a reason, and the process ends', () => {
  const { LD_LIBRARY_PATH = '' } = process.env;
  const env = { LD_LIBRARY_PATH, VK_DRIVER_FILES: '/nowhere.json' };
  expect(probeIn(env)).toMatchObject({ available: false, code: 'RK_WEBGPU_NO_ADAPTER' });
});

test('without a Vulkan loader there is a reason, and the process ends', () => {
  const found = probeIn({}) as { code?: string; available: boolean };
  // A machine may have a loader of its own, with a driver or without.
  if (!found.available) expect(found.code).toMatch(/^RK_WEBGPU_NO_(?:LOADER|ADAPTER)$/u);
});
