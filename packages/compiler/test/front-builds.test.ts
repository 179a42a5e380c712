import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputOptions, rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { bundles, main, root, run, script } from './builds/build.ts';
import { report } from './builds/report.ts';

const expected = report();

async function bundle(name: string, output: OutputOptions): Promise<string> {
  const file = join(bundles, name);
  const build = await rolldown({ input: main, platform: 'node', logLevel: 'silent' });
  await build.write({ ...output, file });
  await build.close();
  return file;
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

  test('tsc, as CommonJS, which requires the packages', () => {
    const tsc = script('typescript', 'bin/tsc');
    const config = join(root, 'test/builds/tsconfig.json');
    const out = join(root, 'build/tsc-cjs');
    const asCommonJs = ['--module', 'commonjs', '--moduleResolution', 'bundler'];
    const flags = [...asCommonJs, '--verbatimModuleSyntax', 'false', '--outDir', out];
    execFileSync(process.execPath, [tsc, '-p', config, ...flags], { cwd: root });
    writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }');
    const main = join(out, 'builds/main.js');
    expect(readFileSync(main, 'utf8')).toContain('require("./report.js")');
    expect(run(main)).toEqual(expected);
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

const strips = Object(process.features).typescript === 'strip';

test.skipIf(!strips)(
  strips
    ? 'by nothing: Node strips the types'
    : `by nothing (skipped: Node ${process.versions.node} does not strip types by itself)`,
  () => {
    expect(run(main)).toEqual(expected);
  },
);

test('in a worker thread, and under the debugger', async () => {
  const file = await bundle('worker.mjs', { format: 'esm', sourcemap: true });
  mkdirSync(bundles, { recursive: true });
  const parent = join(bundles, 'parent.mjs');
  writeFileSync(
    parent,
    `import { Worker } from 'node:worker_threads'; new Worker(${JSON.stringify(file)});`,
  );
  expect(run(parent)).toEqual(expected);
  expect(run(file, '--inspect=0')).toEqual(expected);
});

/** Runs the fixture in a vitest of its own. */
function runVitest(...flags: string[]): void {
  const vitest = script('vitest', 'vitest.mjs');
  execFileSync(process.execPath, [vitest, 'run', '--root=test/builds', ...flags], {
    cwd: root,
    env: { ...process.env, EXPECTED_REPORT: JSON.stringify(expected), VITEST: '' },
    stdio: 'pipe',
  });
}

test.each(['forks', 'threads', 'vmForks', 'vmThreads'])('in the pool %s of vitest', (pool) => {
  runVitest(`--pool=${pool}`);
});

test.each(['v8', 'istanbul'])('counted by the coverage of %s', (provider) => {
  const folder = join(root, 'build/coverage', provider);
  runVitest(
    ...['--coverage.enabled', `--coverage.provider=${provider}`, '--coverage.reporter=json'],
    '--coverage.include=actors.ts',
    `--coverage.reportsDirectory=${folder}`,
  );
  const counted = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8'));
  expect(Object.keys(counted)).toContainEqual(expect.stringMatching(/builds\/actors\.ts$/));
});

test('where nothing may be inspected, with `uses`', () => {
  const file = join(root, 'test/builds/permitted.mjs');
  const [major = 0] = process.versions.node.split('.').map(Number);
  const permission = major < 22 ? '--experimental-permission' : '--permission';
  expect(run(file, permission, '--allow-fs-read=*')).toEqual({ compiled: true });
});
