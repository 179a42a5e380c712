// biome-ignore-all lint/style/noNonNullAssertion: the indices are below the lengths.
import { checkActor } from '@ringkernel/compiler';
import { actor, array, f32, i32, struct, u8, u32, u64 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { runActor } from './run-actor.ts';

const Scan = actor('Scan', {
  state: {
    xs: array(f32, 150),
    sums: array(f32, 150),
    starts: array(u32, 150),
    wide: array(u64, 3),
    seen: u32,
  },
  messages: { Fill: { n: u32 }, Go: { n: u32 } },
  on: {
    Fill(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.xs[i] = f32((i * 2654435761) >>> 8) * 0.1;
      });
    },
    Go(ctx, m) {
      const s = ctx.state;
      ctx.scan(
        m.n,
        (i) => {
          const x = s.xs[i] as number;
          return x * 0.5;
        },
        (k, total) => {
          s.sums[k] = total;
        },
      );
      ctx.scan(
        m.n,
        () => 1,
        (i, upTo) => {
          const start = upTo - 1;
          s.starts[i] = start;
          s.seen += 1;
        },
      );
      ctx.scan(
        3,
        (i) => u64(i) + 0xffff_ffff_ffff_fffen,
        (i, total) => (s.wide[i] = total),
      );
    },
  },
});

/** The order that the language promises: six doublings within each tile of 64, then the carry. */
function tiled(terms: readonly number[]): number[] {
  const sums: number[] = [];
  let carry = 0;
  for (let first = 0; first < terms.length; first += 64) {
    let tile = terms.slice(first, first + 64);
    for (let d = 1; d < 64; d *= 2) {
      tile = tile.map((x, q) => (q < d ? x : Math.fround((tile[q - d] as number) + x)));
    }
    tile = tile.map((x) => Math.fround(carry + x));
    carry = tile.at(-1) as number;
    sums.push(...tile);
  }
  return sums;
}

test.each([0, 1, 63, 64, 65, 128, 150])('a scan of %i terms adds in tiles', (n) => {
  const { state } = runActor(Scan, [
    { type: 'Fill', fields: { n: 150 } },
    { type: 'Go', fields: { n } },
  ]);
  const terms = (state.xs as number[]).slice(0, n).map((x) => Math.fround(x * 0.5));
  const rest = new Array(150 - n).fill(0);
  expect(state.sums).toEqual([...tiled(terms), ...rest]);
  expect(state.starts).toEqual([...terms.map((_, i) => i), ...rest]);
  expect(state.seen).toBe(n);
  expect(state.wide).toEqual([2n ** 64n - 2n, 2n ** 64n - 3n, 2n ** 64n - 3n]);
});

test('what the functions of a scan may do is checked as one section', () => {
  const found = checkActor(
    actor('Wrong', {
      state: { xs: array(i32, 8), ys: array(i32, 8), last: i32 },
      messages: { A: {}, B: {}, C: {}, D: {} },
      on: {
        A(ctx) {
          const s = ctx.state;
          ctx.scan(
            8,
            (i) => s.xs[i] as number,
            (i, sum) => (s.xs[7 - i] = sum),
          );
        },
        B(ctx) {
          const s = ctx.state;
          ctx.scan(
            8,
            (i) => (s.xs[i] = 1),
            () => {},
          );
        },
        C(ctx) {
          const s = ctx.state;
          ctx.scan(
            8,
            () => 1,
            (_, sum) => (s.last = sum),
          );
        },
        D(ctx) {
          ctx.state.last = ctx.sum(8, () => 1);
          // @ts-expect-error a scan has no value
          ctx.state.last = ctx.scan(
            8,
            () => 1,
            () => {},
          );
        },
      },
    }),
  );
  expect(found.map(({ code, where }) => `${where} ${code}`)).toEqual([
    'Wrong.A RK3027',
    'Wrong.B RK3020',
    'Wrong.C RK3027',
    'Wrong.D RK3004',
  ]);
});

const Histogram = actor('Histogram', {
  state: {
    xs: array(u32, 100),
    bins: array(u32, 8),
    at: array(struct({ low: i32, mask: u32 }), 4),
    total: u32,
    odd: u32,
  },
  messages: { Go: {} },
  on: {
    Go(ctx) {
      const s = ctx.state;
      s.at[0]!.mask = 0xffff_ffff;
      ctx.parallelFor(100, (i) => {
        s.xs[i] = (i * 7) % 40;
        s.bins[(s.xs[i]! / 5) >>> 0]! += 1;
        s.at[i & 3]!.low -= i32(i);
        s.at[i >>> 5]!.mask &= ~(1 << (i & 31)) >>> 0;
        if (i % 2 === 1) s.odd++;
        s.total ^= s.xs[i]!;
      });
    },
  },
});

test('iterations may count into one element', () => {
  const { state } = runActor(Histogram, [{ type: 'Go' }]);
  const xs = Array.from({ length: 100 }, (_, i) => (i * 7) % 40);
  const bins = Array.from(
    { length: 8 },
    (_, b) => xs.filter((x) => Math.floor(x / 5) === b).length,
  );
  expect(state).toMatchObject({ xs, bins, odd: 50, total: xs.reduce((a, b) => a ^ b) });
  const low = [0, 1, 2, 3].map((r) => -xs.reduce((sum, _, i) => sum + (i % 4 === r ? i : 0), 0));
  expect(state.at).toMatchObject(low.map((value) => ({ low: value })));
  expect((state.at as { mask: number }[])[0]?.mask).toBe(0);
});

test('what the order of the iterations would tell is refused', () => {
  const found = checkActor(
    actor('Wrong', {
      state: { n: u32, f: f32, small: u8, xs: array(u32, 8) },
      messages: { A: {}, B: {}, C: {}, D: {}, E: {}, F: {} },
      on: {
        A(ctx) {
          ctx.parallelFor(8, (i) => (ctx.state.xs[i] = ctx.state.n += 1));
        },
        B(ctx) {
          ctx.parallelFor(8, () => {
            ctx.state.f += 0.1;
          });
        },
        C(ctx) {
          ctx.parallelFor(8, () => {
            ctx.state.small += 1;
          });
        },
        D(ctx) {
          ctx.parallelFor(8, (i) => {
            ctx.state.n += 1;
            if (ctx.state.n > 4) ctx.state.xs[i] = 1;
          });
        },
        E(ctx) {
          ctx.parallelFor(8, (i) => {
            ctx.state.n += 1;
            ctx.state.n ^= i;
          });
        },
        F(ctx) {
          ctx.parallelFor(8, (i) => {
            ctx.state.xs[i] = 0;
            ctx.state.xs[i & 1]! += 1;
          });
        },
      },
    }),
  );
  expect(found.map(({ code, where }) => `${where} ${code}`)).toEqual(
    ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => `Wrong.${name} RK3027`),
  );
});
