import { emitCuda } from '@ringkernel/compiler';
import { afterAll, describe, expect, it } from 'vitest';
import { compare } from '../src/fuzz/compare.ts';
import { cudaTarget, fuzzTargets, generateCase, HostCompiler, runFuzz } from '../src/fuzz/index.ts';

const compiler = await HostCompiler.open();
if (typeof compiler === 'string') console.warn(`CUDA C++ is not run: ${compiler}`);

afterAll(async () => {
  if (typeof compiler !== 'string') await compiler.close();
});

describe.skipIf(typeof compiler === 'string')('CUDA C++ compiled by g++', () => {
  it('does the same as the interpreter in random programs, without undefined behaviour', async () => {
    if (typeof compiler === 'string') return;
    const targets = [cudaTarget(compiler)];
    const report = await runFuzz({ seed: 1, count: 20, maxDifferences: 1, targets });
    expect(report.differences).toEqual([]);
    expect(report.targets).toEqual({ cuda: { run: 20, different: 0, refused: 0 } });
  }, 300_000);

  it.each([
    ['signed overflow', '(rk_i32)((rk_u32)a + (rk_u32)b)', 'a + b'],
    ['a remainder by zero', 'b == 0u ? 0u : a % b', 'a % b'],
    ['a fault at another site', 'rk_fault(rk, ', 'rk_fault(rk, 1u + '],
  ])(
    'shows %s',
    async (_, right, wrong) => {
      if (typeof compiler === 'string') return;
      const broken = cudaTarget(compiler, (module, namespace) =>
        emitCuda(module, { namespace }).replaceAll(right, wrong),
      );
      const cases = Array.from({ length: 4 }, (__, i) => generateCase(1 + i));
      broken.prepare?.(cases.map(({ module }) => module));
      for (const { module, scenario } of cases) {
        if ((await compare(broken, module, scenario)) !== 'same') return;
      }
      expect.unreachable('four programs with the mistake did the same');
    },
    300_000,
  );
});

it('prepares every module before it runs, also while a program is made smaller', async () => {
  const [javaScript] = fuzzTargets;
  const prepared = new Set<unknown>();
  let runs = 0;
  const report = await runFuzz({
    seed: 1,
    count: 30,
    maxDifferences: 1,
    targets: [
      {
        name: 'failing',
        prepare: (modules) => {
          for (const module of modules) prepared.add(module);
        },
        async run(module, scenario) {
          if (prepared.has(module)) runs++;
          const trace = (await javaScript?.run(module, scenario)) ?? [];
          return trace.map((line) => line.replace('send', 'sent'));
        },
      },
    ],
  });
  expect(report.differences).toHaveLength(1);
  expect(runs).toBeGreaterThan(5);
});
