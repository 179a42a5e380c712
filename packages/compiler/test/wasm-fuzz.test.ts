import { emitWebAssembly, optimize, type WebAssemblyCode } from '@ringkernel/compiler';
import { describe, expect, it } from 'vitest';
import {
  type FuzzTarget,
  fuzzTargets,
  generateCase,
  runFuzz,
  runWebAssembly,
} from '../src/fuzz/index.ts';

/** WebAssembly with a mistake in it. */
function broken(name: string, change: (code: WebAssemblyCode) => WebAssemblyCode): FuzzTarget {
  return {
    name,
    run: (module, scenario) =>
      runWebAssembly(module, scenario, change(emitWebAssembly(optimize(module)))),
  };
}

/** Every place where these bytes follow each other gets the others. */
function replaced(code: WebAssemblyCode, from: readonly number[], to: readonly number[]) {
  const bytes = code.bytes.slice();
  for (let i = 0; i + from.length <= bytes.length; i++) {
    if (from.every((byte, k) => bytes[i + k] === byte)) bytes.set(to, i);
  }
  return { ...code, bytes };
}

describe('random programs', () => {
  it('do the same in the interpreter and as WebAssembly, optimised or not', async () => {
    const targets = fuzzTargets.filter(({ name }) => name.startsWith('wasm'));
    const report = await runFuzz({ seed: 50_000, count: 300, targets });
    expect(report.differences).toEqual([]);
    expect(report.targets).toEqual({
      wasm: { run: 300, different: 0, refused: 0 },
      'wasm-optimized': { run: 300, different: 0, refused: 0 },
    });
  });

  it.each<[string, (code: WebAssemblyCode) => WebAssemblyCode]>([
    [
      'a conversion that saturates as if it were signed',
      (code) => replaced(code, [0xfc, 0x01], [0xfc, 0x00]),
    ],
    [
      'a payload taken from a wrong place',
      (code) => ({ ...code, stage: { ...code.stage, payload: code.stage.payload + 4 } }),
    ],
    [
      'another factor in the random numbers',
      (code) => replaced(code, [0xd3, 0xbe, 0xc4, 0x92, 0x0d], [0xd4, 0xbe, 0xc4, 0x92, 0x0d]),
    ],
    ['a message of which the header is missing', (code) => ({ ...code, firstByte: 64 })],
  ])('find %s, and make the program small', async (name, change) => {
    const targets = [broken(name, change)];
    const report = await runFuzz({ seed: 400, count: 2000, maxDifferences: 1, targets });
    const [difference] = report.differences;
    expect(difference?.target).toBe(name);
    expect(difference?.found).not.toMatch(/Error/u);
    const size = (module: object): number =>
      JSON.stringify(module, (_, value) => (typeof value === 'bigint' ? 0 : value)).length;
    const whole = generateCase(difference?.seed ?? 0).module;
    expect(size(difference?.module ?? whole)).toBeLessThan(size(whole));
  });
});
