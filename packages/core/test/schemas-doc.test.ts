import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, '..', '..', 'docs', 'schemas.md'), 'utf8');

/** The snippets of a page; `expression; // => wanted` becomes a comparison. */
function snippets(page: string): readonly { readonly line: number; readonly code: string }[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: page.slice(0, match.index).split('\n').length + 1,
    code: (match[1] ?? '').replaceAll(/^(.*); \/\/ => (.*)$/gm, 'same($1, $2);'),
  }));
}

// The snippets are JavaScript as well, so that they run without a TypeScript loader. They are written into the package
// because that is where they find it by its name.
const folder = join(root, 'build', 'schemas-doc');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

describe('docs/schemas.md', () => {
  test.each(snippets(text))('does what it says at line $line', async ({ line, code }) => {
    const file = join(folder, `line-${line}.mjs`);
    const comparisons = code.split('same(').length - 1;
    writeFileSync(
      file,
      `import { deepStrictEqual } from 'node:assert';
let compared = 0;
function same(found, wanted) {
  compared++;
  deepStrictEqual(found, wanted);
}
${code}
export { compared };`,
    );
    const { compared } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly compared: number;
    };
    expect(compared).toBe(comparisons);
  });

  test('has the types it says, with nothing but `strict`', () => {
    for (const { line, code } of snippets(text)) {
      const file = join(folder, `line-${line}.mts`);
      writeFileSync(file, `declare function same(found: unknown, wanted: unknown): void;\n${code}`);
    }
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      'nodenext',
    ];
    const files = snippets(text).map(({ line }) => join(folder, `line-${line}.mts`));
    const tsc = join(root, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
    const { status, stdout } = spawnSync(
      process.execPath,
      [tsc, ...options, '--types', 'node', ...files],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect([status, stdout]).toEqual([0, '']);
  });
});
