import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Filter, OutputQueue } from '../src/output-queue.ts';
import type { AnyReceived } from '../src/received.ts';

const filters: readonly Filter[] = [undefined, 'a', 'b'].flatMap((type) =>
  [undefined, 0, 1].map((instance) => ({ type, instance })),
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('a', 'b'), from: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ take: fc.constantFrom(...filters) }) },
  { weight: 1, arbitrary: fc.record({ wait: fc.constantFrom(...filters) }) },
);

function message(type: string, from: number, id: number): AnyReceived {
  return { type, from, id: BigInt(id), hlc: 0n, priority: 'normal', correlation: 0n };
}

const takes = ({ type, instance }: Filter, m: AnyReceived): boolean =>
  (type === undefined || type === m.type) && (instance === undefined || instance === m.from);

test('does what a plain list does, for any order of pushing, taking and waiting', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (steps, n) => {
      const [overflown, delivered]: [bigint[], [number, bigint][]] = [[], []];
      const [lost, handed]: [bigint[], [number, bigint][]] = [[], []];
      const queue = new OutputQueue(n, (m) => overflown.push(m.id));
      let list: AnyReceived[] = [];
      const waiting: { readonly who: number; readonly filter: Filter }[] = [];
      steps.forEach((each, i) => {
        if ('take' in each) {
          const at = list.findIndex((m) => takes(each.take, m));
          expect(queue.take(each.take)).toBe(list[at]);
          list = list.filter((_, j) => j !== at);
        } else if ('wait' in each) {
          waiting.push({ who: i, filter: each.wait });
          queue.wait({ filter: each.wait, deliver: (m) => delivered.push([i, m.id]) });
        } else {
          const m = message(each.type, each.from, i);
          const first = waiting.findIndex(({ filter }) => takes(filter, m));
          const [receiver] = first < 0 ? [] : waiting.splice(first, 1);
          if (receiver === undefined) list.push(m);
          else handed.push([receiver.who, m.id]);
          if (list.length > n) lost.push((list.shift() as AnyReceived).id);
          queue.push(m);
        }
        expect(queue.size).toBe(list.length);
      });
      expect([overflown, delivered]).toEqual([lost, handed]);
    }),
  );
});
