import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FreeRanges } from '../dist/host/free-ranges.js';

/** A size to take, or which of those that are taken to give back. */
const steps = fc.array(
  fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ give: fc.nat({ max: 50 }) }),
  ),
  { maxLength: 200 },
);

test('ranges never overlap, and all that was given back is one again', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const free = new FreeRanges();
      const taken: { at: number; words: number }[] = [];
      let most = 0;
      const sum = (): number => taken.reduce((words, range) => words + range.words, 0);
      for (const step of all) {
        if ('take' in step) {
          const at = free.take(step.take) ?? free.extend(step.take);
          taken.push({ at, words: step.take });
          most = Math.max(most, sum());
        } else if (taken.length > 0) {
          const [range] = taken.splice(step.give % taken.length, 1);
          if (range !== undefined) free.give(range.at, range.words);
        }
        taken.sort((a, b) => a.at - b.at);
        let end = 0;
        for (const { at, words } of taken) {
          expect(at).toBeGreaterThanOrEqual(end);
          end = at + words;
        }
        expect(free.end).toBe(end);
      }
      for (const { at, words } of taken) free.give(at, words);
      expect(free.end).toBe(0);
      expect(free.take(1)).toBe(null);
    }),
  );
});
