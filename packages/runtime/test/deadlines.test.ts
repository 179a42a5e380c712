import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines, Expiring } from '../src/deadlines.ts';

class Entry extends Expiring {
  readonly timeoutMs: number;
  readonly #expired: Entry[];

  constructor(timeoutMs: number, expired: Entry[]) {
    super();
    this.timeoutMs = timeoutMs;
    this.#expired = expired;
  }

  expire(): void {
    this.#expired.push(this);
  }
}

test('what is not removed expires, once, in the order it is due; the rest never', async () => {
  const plan = fc.array(
    fc.record({ timeoutMs: fc.integer({ min: 1, max: 12 }), stays: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(plan, async (entries) => {
      const deadlines = new Deadlines();
      const expired: Entry[] = [];
      const all = entries.map(({ timeoutMs, stays }) => {
        const entry = new Entry(timeoutMs, expired);
        deadlines.add(entry, timeoutMs);
        return { entry, stays };
      });
      for (const { entry, stays } of all) if (!stays) deadlines.remove(entry);
      const staying = all.filter(({ stays }) => stays).map(({ entry }) => entry);
      while (expired.length < staying.length) await sleep(2);
      await sleep(3);
      expect(expired).toHaveLength(staying.length);
      expect(new Set(expired)).toEqual(new Set(staying));
      expect(expired.every((e) => performance.now() >= e.dueMs)).toBe(true);
      deadlines.close();
    }),
    { numRuns: 40 },
  );
});

test('an entry that expires may remove others, and add new ones', async () => {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  class Removing extends Expiring {
    expire(): void {
      expired.push('first');
      deadlines.add(new Entry(1, later), 1);
    }
  }
  const later: Entry[] = [];
  deadlines.add(new Removing(), 5);
  while (later.length === 0) await sleep(2);
  expect(expired).toEqual(['first']);
});

test('for ever is longer than any timer', async () => {
  const deadlines = new Deadlines();
  const expired: Entry[] = [];
  deadlines.add(new Entry(0, expired), Number.POSITIVE_INFINITY);
  deadlines.add(new Entry(0, expired), 2 ** 40);
  await sleep(20);
  expect(expired).toEqual([]);
  deadlines.close();
});
