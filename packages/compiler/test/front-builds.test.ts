import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputOptions, rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { report } from './builds/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'test/builds/main.ts');
const require = createRequire(import.meta.url);
const expected = report();

/** Runs a built program in a Node of its own. */
function run(file: string, ...flags: string[]): ReturnType<typeof report> {
  const text = execFileSync(process.execPath, [...flags, file], {
    encoding: 'utf8',
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(text);
}

async function bundle(name: string, output: OutputOptions): Promise<string> {
  const file = join(root, 'build/bundles', name);
  const build = await rolldown({ input: main, platform: 'node', logLevel: 'silent' });
  await build.write({ ...output, file });
  await build.close();
  return file;
}

function script(package_: string, path: string): string {
  return join(dirname(require.resolve(`${package_}/package.json`)), path);
}

test('here, both errors are found where they are', () => {
  expect(expected.errors).toEqual(['RK2004 actors.ts:48', 'RK2001 actors.ts:49']);
});

describe('built by', () => {
  test('tsc, without source maps', () => {
    const tsc = script('typescript', 'bin/tsc');
    const config = join(root, 'test/builds/tsconfig.json');
    execFileSync(process.execPath, [tsc, '-p', config, '--sourceMap', 'false'], { cwd: root });
    const { outcome, errors } = run(join(root, 'build/tsc/builds/main.js'));
    expect(outcome).toBe(expected.outcome);
    expect(errors).toEqual(expect.arrayContaining([expect.stringMatching(/^RK2004 actors\.js:/)]));
  });

  test('a bundler, with a source map', async () => {
    const file = await bundle('plain.mjs', { format: 'esm', sourcemap: true });
    expect(run(file)).toEqual(expected);
  });

  test('a bundler, minified, with a source map', async () => {
    const file = await bundle('minified.mjs', { format: 'esm', minify: true, sourcemap: true });
    expect(run(file)).toEqual(expected);
  });

  test('a bundler, minified, with an inline source map', async () => {
    const output = { format: 'esm', minify: true, sourcemap: 'inline' } as const;
    expect(run(await bundle('inline.mjs', output))).toEqual(expected);
  });

  test('a bundler, minified to CommonJS, without a source map', async () => {
    const file = await bundle('minified.cjs', { format: 'cjs', minify: true });
    const { outcome, errors } = run(file);
    expect(outcome).toBe(expected.outcome);
    expect(errors.map((error) => error.split(' ')[0])).toEqual(['RK2004', 'RK2001']);
    expect(errors[0]).toContain('minified.cjs:');
  });
});

test('in a worker thread, and under the debugger', async () => {
  const file = await bundle('worker.mjs', { format: 'esm', sourcemap: true });
  mkdirSync(join(root, 'build/bundles'), { recursive: true });
  const parent = join(root, 'build/bundles/parent.mjs');
  writeFileSync(
    parent,
    `import { Worker } from 'node:worker_threads'; new Worker(${JSON.stringify(file)});`,
  );
  expect(run(parent)).toEqual(expected);
  expect(run(file, '--inspect=0')).toEqual(expected);
});

test.each(['forks', 'threads', 'vmForks', 'vmThreads'])('in the pool %s of vitest', (pool) => {
  const vitest = script('vitest', 'vitest.mjs');
  execFileSync(process.execPath, [vitest, 'run', `--pool=${pool}`, '--root=test/builds'], {
    cwd: root,
    env: { ...process.env, EXPECTED_REPORT: JSON.stringify(expected), VITEST: '' },
    stdio: 'pipe',
  });
});
