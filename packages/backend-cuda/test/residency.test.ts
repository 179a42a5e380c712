import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Claim, shareMultiprocessors } from '../dist/host/residency.js';

const dispatcher: Claim = { blocks: 1, perMultiprocessor: 32, fixed: true };
const kernel: Claim = { blocks: 64, perMultiprocessor: 4, fixed: false };
const kernels = (count: number): Claim[] => [dispatcher, ...Array<Claim>(count).fill(kernel)];

test('kernels get what they want where there is room', () => {
  expect(shareMultiprocessors(kernels(3), 132)).toEqual({ shares: [1, 64, 64, 64], most: null });
});

test('where there is less, those that can do with fewer get a half, or a quarter', () => {
  const { shares, most } = shareMultiprocessors(kernels(20), 132);
  expect(most).toBeNull();
  expect(shares).toEqual([1, ...Array<number>(20).fill(16)]);
  expect(shareMultiprocessors(kernels(120), 132).shares).toEqual([
    1,
    ...Array<number>(120).fill(2),
  ]);
});

test('what needs all of its blocks gets them, or is refused with the number there is room for', () => {
  const dedicated: Claim = { blocks: 300, perMultiprocessor: 4, fixed: true };
  const { shares, most } = shareMultiprocessors([...kernels(2), dedicated], 132);
  expect([shares, most]).toEqual([[1, 32, 32, 300], null]);
  const { most: room } = shareMultiprocessors([{ ...dedicated, blocks: 600 }], 132);
  expect(room).toBe(528);
});

test('one kernel can have every place', () => {
  const block: Claim = { blocks: 132, perMultiprocessor: 1, fixed: true };
  expect(shareMultiprocessors([block], 132)).toEqual({ shares: [132], most: null });
});

/** Puts blocks on multiprocessors as they come, each on any that has room. False: one found none. */
function place(
  claims: readonly Claim[],
  shares: readonly number[],
  order: readonly number[],
): boolean {
  const used = Array<number>(8).fill(0);
  const blocks = claims.flatMap((claim, i) => Array<Claim>(shares[i] as number).fill(claim));
  const mixed = blocks.map((claim, i) => ({ claim, at: order[i % order.length] as number }));
  for (const { claim, at } of mixed.toSorted((a, b) => a.at - b.at)) {
    const part = 1 / claim.perMultiprocessor;
    const fitting = used.flatMap((one, i) => (one + part <= 1 + 1e-9 ? [i] : []));
    if (fitting.length === 0) return false;
    const chosen = fitting[at % fitting.length] as number;
    used[chosen] = (used[chosen] as number) + part;
  }
  return true;
}

test('whatever is shared out fits, wherever the device puts it', () => {
  const claim = fc.record({
    blocks: fc.integer({ min: 1, max: 30 }),
    perMultiprocessor: fc.integer({ min: 1, max: 32 }),
    fixed: fc.boolean(),
  });
  const order = fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.array(claim, { minLength: 1, maxLength: 6 }), order, (claims, places) => {
      const { shares, most } = shareMultiprocessors(claims, 8);
      const tight = shares.every((blocks, i) => claims[i]?.fixed || blocks === 1);
      fc.pre(most === null && !tight);
      expect(place(claims, shares, places)).toBe(true);
    }),
  );
});
