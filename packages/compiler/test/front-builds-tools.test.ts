import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { minify as swcMinify } from '@swc/core';
import { type BuildOptions, build as esbuild } from 'esbuild';
import { minify as terserMinify } from 'terser';
import { beforeAll, describe, expect, test } from 'vitest';
import webpack from 'webpack';
import { bundles, main, root, run } from './builds/build.ts';
import { report } from './builds/report.ts';

const expected = report();
const require = createRequire(import.meta.url);

async function bundled(name: string, options: BuildOptions = {}): Promise<string> {
  const outfile = join(bundles, name);
  const common: BuildOptions = { entryPoints: [main], bundle: true, platform: 'node' };
  await esbuild({ ...common, format: 'esm', logLevel: 'error', outfile, ...options });
  return outfile;
}

/** Without a source map the places are in the bundle. */
function expectSame(file: string): void {
  const { outcome, errors } = run(file);
  expect(outcome).toBe(expected.outcome);
  expect(errors.map((error) => error.split(' ')[0])).toEqual(['RK2004', 'RK2001']);
  expect(errors.every((error) => error.includes(file.split('/').at(-1) as string))).toBe(true);
}

/** The actors alone: the packages are not built again by minifiers that take long. */
let own = '';

beforeAll(async () => {
  mkdirSync(bundles, { recursive: true });
  own = await bundled('es-own.mjs', { packages: 'external' });
});

describe('built by esbuild', () => {
  test('as a bundle', async () => {
    expectSame(await bundled('es.mjs'));
  });

  test('minified', async () => {
    expectSame(await bundled('es-min.mjs', { minify: true }));
  });

  test('minified to CommonJS', async () => {
    expectSame(await bundled('es-min.cjs', { minify: true, format: 'cjs' }));
  });

  test('minified with names kept', async () => {
    expectSame(await bundled('es-names.mjs', { minify: true, keepNames: true }));
  });

  test('minified, with a source map', async () => {
    const file = await bundled('es-map.mjs', { minify: true, sourcemap: true });
    expect(run(file)).toEqual(expected);
  });
});

describe('minified by', () => {
  test('terser, as hard as it can', async () => {
    const compress = { passes: 3, unsafe: true, toplevel: true };
    const { code } = await terserMinify(readFileSync(own, 'utf8'), {
      compress,
      mangle: { toplevel: true },
      module: true,
    });
    const file = join(bundles, 'terser.mjs');
    writeFileSync(file, code as string);
    expectSame(file);
  });

  test('swc, as hard as it can', async () => {
    const { code } = await swcMinify(readFileSync(own, 'utf8'), {
      compress: { passes: 3 },
      mangle: { toplevel: true },
      module: true,
    });
    const file = join(bundles, 'swc.mjs');
    writeFileSync(file, code);
    expectSame(file);
  });
});

test.each(['development', 'production'] as const)('built by webpack for %s', async (mode) => {
  const filename = `webpack-${mode}.mjs`;
  const compiler = webpack({
    mode,
    devtool: false,
    target: 'node20',
    context: root,
    // Without types, which webpack does not read.
    entry: own,
    externals: [/^@ringkernel\//],
    externalsType: 'module',
    experiments: { outputModule: true },
    output: { path: bundles, filename, module: true },
  });
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    compiler.run((error, done) => (error ? reject(error) : resolve(done)));
  });
  expect(stats?.compilation.errors.map(({ message }) => message)).toEqual([]);
  await new Promise((resolve) => compiler.close(resolve));
  expectSame(join(bundles, filename));
});

test('run by tsx', () => {
  const loader = require.resolve('tsx');
  expect(run(main, '--import', loader)).toEqual(expected);
});
