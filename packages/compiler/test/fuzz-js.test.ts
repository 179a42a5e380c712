import { interpretProgram } from '@ringkernel/compiler';
import { describe, expect, it } from 'vitest';
import { generateCase, javaScriptTarget, runScenario } from '../src/fuzz/index.ts';

describe('random programs', () => {
  it('do the same as JavaScript and in the interpreter', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { module, scenario } = generateCase(seed);
      const expected = runScenario(module, scenario, interpretProgram(module));
      expect(await javaScriptTarget.run(module, scenario), `seed ${seed}`).toEqual(expected);
    }
  });
});
