import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { softwareGpu } from '../../compiler/src/fuzz/swiftshader.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const loseDevice = new URL('lose-device.mjs', import.meta.url).href;
/** Inside this package, so that the programs find the packages they import. */
const folder = fileURLToPath(new URL('../build/snippets', import.meta.url));

interface Program {
  readonly code: string;
  /** Needs a GPU, and loses it on the way. */
  readonly onGpu: boolean;
  readonly lost: boolean;
  /** Needs the simulated CUDA device. */
  readonly onCuda: boolean;
}

/** The `ts` blocks of a page that import the runtime: whole programs; `ts webgpu`, `ts webgpu lost` and `ts cuda` are of a GPU. */
function programs(page: string): Program[] {
  const text = readFileSync(`${root}/${page}`, 'utf8');
  return [...text.matchAll(/```ts( webgpu| cuda)?( lost)?\n(.*?)```/gs)]
    .map(([, gpu, lost, code = '']) => ({
      code,
      onGpu: gpu === ' webgpu',
      onCuda: gpu === ' cuda',
      lost: lost !== undefined,
    }))
    .filter(({ code }) => code.includes("from '@ringkernel/runtime'"));
}

const gpu = softwareGpu();
if (typeof gpu === 'string') console.warn(`programs for WebGPU are not run: ${gpu}`);

const compiler =
  process.platform === 'linux' && spawnSync('g++', ['--version']).status === 0
    ? null
    : 'it needs Linux and g++';
if (compiler !== null) console.warn(`programs for CUDA are not run: ${compiler}`);

/** What a program says it prints: the comment behind a console.log. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text ?? '');
}

const pages = ['README.md', ...readdirSync(`${root}/docs`).map((name) => `docs/${name}`)];
const all = pages
  .filter((page) => page.endsWith('.md'))
  .flatMap((page) =>
    programs(page).map((program, i) => ({
      page,
      ...program,
      name: `${page.replace(/\W/g, '-')}-${i + 1}`,
    })),
  );

beforeAll(() => {
  mkdirSync(`${folder}/src`, { recursive: true });
  for (const { name, code } of all) writeFileSync(`${folder}/src/${name}.ts`, code);
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { composite: false, rootDir: 'src', outDir: 'dist', noEmitOnError: true },
    include: ['src'],
    references: [],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  const tsc = `${root}/node_modules/.bin/tsc`;
  const { status, stdout } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the programs of the pages do not compile:\n${stdout}`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('every program of the documentation runs and prints what it says', () => {
  test('there are some', () => {
    expect(all.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(0);
  });

  for (const { name, code, onGpu, onCuda, lost } of all) {
    const skipped = (onGpu && typeof gpu === 'string') || (onCuda && compiler !== null);
    test.skipIf(skipped)(name, () => {
      const script = `${folder}/dist/${name}.js`;
      const more = onGpu && typeof gpu !== 'string' ? gpu : {};
      const before = lost ? ['--import', loseDevice] : [];
      const { status, stdout, stderr } = spawnSync(process.execPath, [...before, script], {
        encoding: 'utf8',
        env: { ...process.env, ...more },
      });
      // What Dawn says of a driver in software goes there.
      if (!onGpu) expect(stderr).toBe('');
      expect(status, stderr).toBe(0);
      for (const text of promised(code)) expect(stdout).toContain(text);
      if (lost) expect(stdout).toContain('the device is lost');
    });
  }
});
