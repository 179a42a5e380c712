import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildProgram, emitJavaScript, type optimize } from '@ringkernel/compiler';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { compare } from '../src/fuzz/compare.ts';
import { type FuzzTarget, generateCase, runScenario } from '../src/fuzz/index.ts';

/** The optimiser with a piece of one of its files replaced. */
async function optimizerWith(file: string, right: string, wrong: string): Promise<typeof optimize> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/optimize/index.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [
      {
        name: 'mistake',
        setup({ onLoad }) {
          onLoad({ filter: new RegExp(`optimize.${file}\\.ts$`) }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            expect(text.split(right)).toHaveLength(2);
            return { contents: text.replace(right, () => wrong), loader: 'ts' };
          });
        },
      },
    ],
  });
  const text = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const built: unknown = await import(`data:text/javascript;base64,${text}`);
  return (built as { readonly optimize: typeof optimize }).optimize;
}

describe('random programs find, when values are shared,', () => {
  it.each([
    ['a store that is overlooked', 'reach', 'changes.state.push(accessOf(s.place, true));', ''],
    ['an assignment that is overlooked', 'reach', 'changes.locals.has(id)', 'false'],
    [
      'a value that a loop changes later',
      'common',
      'const around = without(before, changesOf([s]));',
      'const around = before;',
    ],
    [
      'a value that only the other branch has',
      'common',
      'this.list(s.otherwise, added);',
      'this.list(s.otherwise, this.list(s.then, added));',
    ],
    [
      'a fault before its time',
      'common',
      'return mayFault(e, this.#functions.faulting);',
      'return false;',
    ],
    ['operands that change places', 'numbers', 'parts.join()', '[...parts].sort().join()'],
    ['a local that is set more than once', 'numbers', '|| more.length > 0', ''],
  ])(
    '%s',
    async (_, file, right, wrong) => {
      const broken = await optimizerWith(file, right, wrong);
      const target: FuzzTarget = {
        name: 'mistaken',
        run: (module, scenario) =>
          runScenario(module, scenario, buildProgram(emitJavaScript(broken(module)))),
      };
      for (let seed = 1; seed <= 2000; seed++) {
        const { module, scenario } = generateCase(seed);
        if ((await compare(target, module, scenario)) !== 'same') return;
      }
      expect.unreachable('2000 programs did the same with the mistake');
    },
    300_000,
  );
});
