import { InstanceLimitError } from '@ringkernel/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Instances } from '../dist/instances.js';

test('indexes are given in the order in which they became free, those that nobody had first', () => {
  const operations = fc.array(fc.option(fc.nat(), { freq: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(12), operations, (room, living, steps) => {
      const first = Math.min(living, room);
      const instances = new Instances({ id: 'k', instances: room, living: first });
      const free = Array.from({ length: room - first }, (_, i) => first + i);
      const live = Array.from({ length: first }, (_, i) => i);
      for (const step of steps) {
        if (step !== null && live.length > 0) {
          const [index] = live.splice(step % live.length, 1) as [number];
          instances.end(index);
          instances.vacate(index);
          free.push(index);
        } else if (free.length > 0) {
          const index = instances.claim();
          expect(index).toBe(free.shift());
          instances.begin(index);
          live.push(index);
        } else expect(() => instances.claim()).toThrow(InstanceLimitError);
        expect(instances.indexes).toEqual(live.toSorted((a, b) => a - b));
        expect(instances.living).toBe(live.length);
      }
    }),
  );
});

test('what a restored kernel leaves out is free', () => {
  const instances = new Instances({ id: 'k', instances: 5, living: 1 });
  instances.claimFresh(3);
  expect(() => instances.claimFresh(2)).toThrow(RangeError);
  expect([1, 2, 3].map(() => instances.claim())).toEqual([4, 1, 2]);
  expect(() => instances.claim()).toThrow(InstanceLimitError);
});
