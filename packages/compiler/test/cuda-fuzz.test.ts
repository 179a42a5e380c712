import { compile, emitCuda } from '@ringkernel/compiler';
import { actor, f32, u8 } from '@ringkernel/core';
import { afterAll, describe, expect, it } from 'vitest';
import { compare } from '../src/fuzz/compare.ts';
import {
  cudaTarget,
  type cudaTargets,
  fuzzTargets,
  generateCase,
  HostCompiler,
  optimizedTarget,
  runFuzz,
} from '../src/fuzz/index.ts';
import { hasRaces } from '../src/fuzz/races.ts';

const compiler = await HostCompiler.open();
if (typeof compiler === 'string') console.warn(`CUDA C++ is not run: ${compiler}`);

afterAll(async () => {
  if (typeof compiler !== 'string') await compiler.close();
});

describe.skipIf(typeof compiler === 'string')('CUDA C++ compiled by g++', () => {
  it('does the same as the interpreter in random programs, without undefined behaviour', async () => {
    if (typeof compiler === 'string') return;
    const targets = [cudaTarget(compiler), cudaTarget(compiler, 'cuda-warp')];
    const report = await runFuzz({ seed: 1, count: 12, maxDifferences: 1, targets });
    expect(report.differences).toEqual([]);
    const all = { run: 12, different: 0, refused: 0 };
    expect(report.targets).toEqual({ cuda: all, 'cuda-warp': all });
  }, 300_000);

  it('does the same after the optimiser', async () => {
    if (typeof compiler === 'string') return;
    const targets = [cudaTarget(compiler), cudaTarget(compiler, 'cuda-warp')].map(optimizedTarget);
    const report = await runFuzz({ seed: 41, count: 10, maxDifferences: 1, targets });
    expect(report.differences).toEqual([]);
    const all = { run: 10, different: 0, refused: 0 };
    expect(report.targets).toEqual({ 'cuda-optimized': all, 'cuda-warp-optimized': all });
  }, 300_000);

  it('does the same on more lanes than a tile has', async () => {
    if (typeof compiler === 'string') return;
    const targets = [cudaTarget(compiler, 'cuda-block')];
    const report = await runFuzz({ seed: 21, count: 8, maxDifferences: 1, targets });
    expect(report.differences).toEqual([]);
    expect(report.targets['cuda-block']?.run).toBe(8);
  }, 300_000);

  it('keeps the sign of zero minus a converted zero, which g++ loses by itself', async () => {
    if (typeof compiler === 'string') return;
    const Signs = actor('Signs', {
      state: { small: u8, difference: f32 },
      messages: { Go: {} },
      emits: { Sign: { x: f32 } },
      on: {
        Go(ctx) {
          ctx.state.difference = f32(0) - f32(ctx.state.small);
          ctx.emit('Sign', { x: f32(0) - f32(ctx.state.small) });
        },
      },
    });
    const { module } = compile(Signs).program;
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setUint32(4, module.messages[0]?.id ?? 0, true);
    const messages = [{ instance: 0, bytes }];
    const scenario = { instances: 1, baseAddress: 64, seed: 1, messages };
    expect(await compare(cudaTarget(compiler), module, scenario)).toBe('same');
  }, 300_000);

  /** The seed near which programs show it. */
  const mistakes: readonly (readonly [string, keyof typeof cudaTargets, string, string, number])[] =
    [
      ['signed overflow', 'cuda', '(rk_i32)((rk_u32)a + (rk_u32)b)', 'a + b', 78],
      ['a remainder by zero', 'cuda', 'b == 0u ? 0u : a % b', 'a % b', 1],
      ['a fault at another site', 'cuda', 'rk_fault(rk, ', 'rk_fault(rk, 1u + ', 1],
      ['lanes that do not wait', 'cuda-warp', '  }\n  rk_sync_lanes();', '  }', 1],
      [
        'rounds that are left out',
        'cuda-warp',
        'rk_u64 n = RK_LANE;',
        'rk_u64 n = RK_LANE + 1u;',
        1,
      ],
      [
        'a merge that loses',
        'cuda-warp',
        '__atomic_fetch_add((rk_u32*)at, operand,',
        '(void)(operand,',
        13,
      ],
      [
        'the last of the faults',
        'cuda-warp',
        'lane->first < first',
        'lane->first + 1u < first + 1u',
        1,
      ],
    ];
  it.each(mistakes)(
    'shows %s',
    async (_, name, right, wrong, first) => {
      if (typeof compiler === 'string') return;
      let found = false;
      const form = name === 'cuda' ? 'thread' : 'group';
      const broken = cudaTarget(compiler, name, (module, namespace) => {
        const text = emitCuda(module, { namespace, form });
        found ||= text.includes(right);
        return text.replaceAll(right, wrong);
      });
      const cases = Array.from({ length: 12 }, (__, i) => generateCase(first + i));
      broken.prepare?.(cases.map(({ module }) => module));
      for (const { module, scenario } of cases) {
        if ((await compare(broken, module, scenario)) !== 'same') return;
      }
      expect.unreachable(`the programs ${found ? 'with' : 'without'} the mistake did the same`);
    },
    300_000,
  );
});

it("makes no program whose rounds get into each other's way", () => {
  const modules = Array.from({ length: 300 }, (_, i) => generateCase(i).module);
  expect(modules.filter(hasRaces)).toEqual([]);
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
