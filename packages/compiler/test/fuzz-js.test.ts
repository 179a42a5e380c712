import {
  buildProgram,
  emitJavaScript,
  type Module,
  optimize,
  validateModule,
} from '@ringkernel/compiler';
import { describe, expect, it } from 'vitest';
import {
  type FuzzTarget,
  fuzzTargets,
  generateCase,
  runFuzz,
  runScenario,
} from '../src/fuzz/index.ts';

/** JavaScript with a mistake in its text. */
function broken(name: string, change: (text: string) => string): FuzzTarget {
  return {
    name,
    run: (module, scenario) =>
      runScenario(module, scenario, buildProgram(change(emitJavaScript(module)))),
  };
}

function statementsOf(module: Module): number {
  return JSON.stringify(module, (_, value) => (typeof value === 'bigint' ? 0 : value)).split(
    '"kind":',
  ).length;
}

describe('random programs', () => {
  it('do the same in the interpreter, as JavaScript, and optimised', async () => {
    const targets = fuzzTargets.filter(({ name }) => name.startsWith('js'));
    const report = await runFuzz({ seed: 1, count: 300, targets });
    expect(report.differences).toEqual([]);
    expect(report.targets).toEqual({
      js: { run: 300, different: 0, refused: 0 },
      'js-optimized': { run: 300, different: 0, refused: 0 },
    });
  });

  it('do the same when their loops can be interrupted', async () => {
    let ticks = 0;
    const tick = (): number => {
      ticks++;
      return 1; // as often as possible
    };
    const interruptible: FuzzTarget = {
      name: 'js-interruptible',
      run: (module, scenario) => {
        const build = buildProgram(emitJavaScript(module, { interruptible: true }));
        return runScenario(module, scenario, (env) => build(Object.assign(env, { tick })));
      },
    };
    const report = await runFuzz({ seed: 900, count: 200, targets: [interruptible] });
    expect(report.differences).toEqual([]);
    expect(ticks).toBeGreaterThan(0);
  });

  it('are valid, and the same for the same seed', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { module } = generateCase(seed);
      expect(validateModule(module), `seed ${seed}`).toEqual([]);
      expect(validateModule(optimize(module)), `seed ${seed}, optimised`).toEqual([]);
      expect(emitJavaScript(generateCase(seed).module)).toBe(emitJavaScript(module));
    }
  });

  it.each([
    [
      'an addition that does not wrap',
      (text: string) => text.replaceAll(/ \+ (\w+)\) >>> 0/gu, ' + $1)'),
    ],
    ['a remainder by zero', (text: string) => text.replaceAll('b === 0 ? 0 : a % b', 'a % b')],
    ['a 64-bit number rounded twice', (text: string) => text.replace('high + sticky', 'high')],
    ['padding left as it was', (text: string) => text.replaceAll(/^.*payload.*\] = 0;$/gmu, '')],
    ['a reduction in another order', (text: string) => text.replaceAll('& 63] =', '& 31] =')],
    [
      'a fault at another site',
      (text: string) => text.replaceAll('env.fault(self, site', 'env.fault(self, 1'),
    ],
  ])('find %s, and make the program small', async (name, change) => {
    const targets = [broken(name, change)];
    const report = await runFuzz({ seed: 1, count: 2000, maxDifferences: 1, targets });
    const [difference] = report.differences;
    expect(difference?.target).toBe(name);
    if (difference === undefined) return;
    const whole = generateCase(difference.seed).module;
    expect(statementsOf(difference.module)).toBeLessThan(statementsOf(whole));
  });
});
