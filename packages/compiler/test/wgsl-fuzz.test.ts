import { emitWgsl } from '@ringkernel/compiler';
import { afterAll, expect, it } from 'vitest';
import { compare } from '../src/fuzz/compare.ts';
import { Dawn, generateCase, runFuzz, wgslTarget } from '../src/fuzz/index.ts';

const dawn = await Dawn.open();
if (typeof dawn === 'string') console.warn(`WGSL is not run: ${dawn}`);

afterAll(() => {
  if (typeof dawn !== 'string') dawn.close();
});

it.skipIf(typeof dawn === 'string')(
  'random programs do the same as WGSL on Dawn and in the interpreter',
  async () => {
    if (typeof dawn === 'string') return;
    const report = await runFuzz({
      seed: 18,
      count: 12,
      maxDifferences: 1,
      floats: false,
      targets: [wgslTarget(dawn)],
    });
    expect(report.differences).toEqual([]);
    expect(report.targets).toEqual({ wgsl: { run: 12, different: 0, refused: 0 } });
  },
  300_000,
);

it.skipIf(typeof dawn === 'string')(
  'a mistake in the WGSL is found',
  async () => {
    if (typeof dawn === 'string') return;
    const broken = wgslTarget(dawn, 'thread', (module) =>
      emitWgsl(module).replaceAll('rk_open(3u, ', 'rk_open(2u, '),
    );
    for (let seed = 18; seed < 30; seed++) {
      const { module, scenario } = generateCase(seed, false);
      if ((await compare(broken, module, scenario)) !== 'same') return;
    }
    expect.unreachable('12 programs with emits as replies did the same');
  },
  300_000,
);
