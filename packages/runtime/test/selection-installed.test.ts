import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** Source of a backend that computes on the CPU and says that it is something else. */
function backendSource(name: string, kind: string, open = 'await cpu.open(options)'): string {
  return `
    import { backend as cpu } from '@ringkernel/backend-cpu';
    const device = { id: '${name}:0', backend: '${name}', name: 'A ${kind}', kind: '${kind}',
      memoryBytes: 1, computeUnits: 1, capabilities: [] };
    export const backend = {
      name: '${name}',
      probe: async () => ({ available: true, devices: [device] }),
      open: async ({ deviceId, ...options }) => {
        const opened = ${open};
        const { schedule, lost } = opened;
        const methods = ['launch', 'step', 'ref', 'unref', 'settled', 'close'];
        const bound = methods.map((method) => [method, opened[method].bind(opened)]);
        return { info: device, schedule, lost, ...Object.fromEntries(bound) };
      },
    };`;
}

/** Installs the runtime beside other packages, as a user would, and asks it what \`auto\` chooses. */
async function choose(
  installed: Readonly<Record<string, string>>,
  { cpu = true }: { readonly cpu?: boolean } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'ringkernel-'));
  folders.push(folder);
  const scope = join(folder, 'node_modules', '@ringkernel');
  await mkdir(scope, { recursive: true });
  // A link would resolve packages from where it leads; the runtime must look where it is installed.
  for (const part of ['dist', 'package.json']) {
    await cp(join(packages, 'runtime', part), join(scope, 'runtime', part), { recursive: true });
  }
  const linked = ['core', 'compiler', ...(cpu ? ['backend-cpu'] : [])];
  for (const name of linked) await symlink(join(packages, name), join(scope, name));
  for (const [name, source] of Object.entries(installed)) {
    await mkdir(join(scope, name));
    const manifest = { name: `@ringkernel/${name}`, type: 'module', exports: './index.js' };
    await writeFile(join(scope, name, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(scope, name, 'index.js'), source);
  }
  const main = join(folder, 'main.mjs');
  await writeFile(
    main,
    `import { createRuntime } from '@ringkernel/runtime';
    const outcome = await createRuntime().then(
      async (runtime) => {
        await runtime.close();
        return { backend: runtime.backend, selection: runtime.selection };
      },
      ({ code, refusals }) => ({ code, refusals }),
    );
    console.log(JSON.stringify(outcome));`,
  );
  const { stdout } = await run(process.execPath, [main], { cwd: folder });
  return JSON.parse(stdout);
}

test('a real GPU comes before the CPU; a package that does not load is passed over', async () => {
  const { backend, selection } = await choose({
    'backend-cuda': "import 'a-package-that-is-not-there';",
    'backend-webgpu': backendSource('webgpu', 'gpu'),
  });
  expect(backend).toBe('webgpu');
  expect(selection).toMatchObject([
    { backend: 'cuda', chosen: false },
    {
      backend: 'webgpu',
      chosen: true,
      reason: 'the first that can be used',
      device: { id: 'webgpu:0', kind: 'gpu' },
    },
    { backend: 'cpu', chosen: false, reason: 'not needed: webgpu is usable' },
  ]);
  expect(selection[0].reason).toMatch(/could not be loaded.*a-package-that-is-not-there/);
});

test('software is never chosen, nor what does not open', async () => {
  const { backend, selection } = await choose({
    'backend-cuda': backendSource('cuda', 'gpu', "await Promise.reject(new Error('no memory'))"),
    'backend-webgpu': backendSource('webgpu', 'software'),
  });
  expect(backend).toBe('cpu');
  expect(selection).toMatchObject([
    { backend: 'cuda', chosen: false, reason: 'open failed: no memory' },
    { backend: 'webgpu', chosen: false, reason: 'only software devices: A software' },
    { backend: 'cpu', chosen: true },
  ]);
});

test('where nothing can be used, the error has every reason', async () => {
  const outcome = await choose({ 'backend-webgpu': 'export const backend = 3;' }, { cpu: false });
  expect(outcome).toEqual({
    code: 'RK_BACKEND_UNAVAILABLE',
    refusals: [
      { backend: 'cuda', reason: 'not installed', hint: 'install @ringkernel/backend-cuda' },
      { backend: 'webgpu', reason: '@ringkernel/backend-webgpu exports no backend' },
      { backend: 'cpu', reason: 'not installed', hint: 'install @ringkernel/backend-cpu' },
    ],
  });
});
