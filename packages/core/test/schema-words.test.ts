import { bool, f16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from '@ringkernel/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('the words as conversions', () => {
  const integers = [
    [u8, 8, false],
    [u16, 16, false],
    [u32, 32, false],
    [u64, 64, false],
    [i8, 8, true],
    [i16, 16, true],
    [i32, 32, true],
    [i64, 64, true],
  ] as const;

  test('integers keep their low bits', () => {
    const whole = fc.oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.maxSafeInteger());
    fc.assert(
      fc.property(whole, (x) => {
        for (const [word, bits, signed] of integers) {
          const wanted = (signed ? BigInt.asIntN : BigInt.asUintN)(bits, BigInt(x));
          expect(BigInt(word(x)), word.scalar).toBe(wanted);
        }
      }),
    );
  });

  test('floats truncate and saturate, NaN is 0', () => {
    const fraction = fc.double().filter((x) => !Number.isSafeInteger(x));
    fc.assert(
      fc.property(fraction, (x) => {
        for (const [word, bits, signed] of integers) {
          const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
          const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
          let wanted = 0n;
          if (x === Infinity) wanted = max;
          else if (x === -Infinity) wanted = min;
          else if (!Number.isNaN(x)) wanted = BigInt(Math.trunc(x));
          if (wanted > max) wanted = max;
          if (wanted < min) wanted = min;
          expect(BigInt(word(x)), `${word.scalar}(${x})`).toBe(wanted);
        }
      }),
    );
  });

  test('at the edges', () => {
    expect(u32(-1)).toBe(0xffffffff);
    expect(u32(-1.5)).toBe(0);
    expect(u32(2 ** 32 + 5)).toBe(5);
    expect(u32(1e300)).toBe(0xffffffff);
    expect(u32(-0)).toBe(0);
    expect(i32(-0.5)).toBe(0);
    expect(i32(0x80000000)).toBe(-0x80000000);
    expect(i8(200)).toBe(-56);
    expect(u64(-1)).toBe(2n ** 64n - 1n);
    expect(u64(1.9)).toBe(1n);
    expect(u64(Number.NaN)).toBe(0n);
    expect(i64(2 ** 63)).toBe(2n ** 63n - 1n);
    expect(i64(-(2 ** 63))).toBe(-(2n ** 63n));
    expect([u32(true), u64(true), f32(true), i8(false)]).toEqual([1, 1n, 1, 0]);
  });

  test('bool is what differs from zero', () => {
    expect([bool(0), bool(-0), bool(0n), bool(false)]).toEqual([false, false, false, false]);
    expect([bool(Number.NaN), bool(0.1), bool(-1n), bool(true)]).toEqual([true, true, true, true]);
  });

  test('f32 rounds a large integer once', () => {
    // Through a double, 2^60 + 2^36 + 1 first becomes the tie 2^60 + 2^36, and then the even neighbour below.
    const x = 2n ** 60n + 2n ** 36n + 1n;
    expect(Math.fround(Number(x))).toBe(2 ** 60);
    expect(f32(x)).toBe(2 ** 60 + 2 ** 37);
    expect(f32(-x)).toBe(-(2 ** 60 + 2 ** 37));
    expect(f32(2n ** 60n + 2n ** 36n)).toBe(2 ** 60);
    expect(f32(2n ** 200n)).toBe(Infinity);
    expect(f32(0.1)).toBe(Math.fround(0.1));
    expect(f64(2n ** 53n + 1n)).toBe(2 ** 53);
  });

  test('f32 of an integer is one of its two neighbours, and the nearer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (x) => {
        const error = (y: number): bigint => (BigInt(y) > x ? BigInt(y) - x : x - BigInt(y));
        const got = f32(x);
        const step = 2 ** (Math.floor(Math.log2(got)) - 24);
        for (const other of [Math.fround(got + 2 * step), Math.fround(got - 2 * step)]) {
          expect(error(got) <= error(other)).toBe(true);
        }
      }),
    );
  });

  test('carry their name and can not be changed', () => {
    expect([u32.name, u32.kind, u32.scalar]).toEqual(['u32', 'scalar', 'u32']);
    expect(Object.isFrozen(u32)).toBe(true);
  });

  test('f16 rounds to the nearest of its values, ties to even', () => {
    expect([f16(1), f16(-0), f16(65504), f16(65519.99), f16(65520), f16(-1e9)]).toEqual([
      ...[1, -0, 65504, 65504],
      ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ]);
    expect(f16(Number.NaN)).toBeNaN();
    expect(
      [2 ** -25, 2 ** -25 * 1.001, 2 ** -24 * 1.5, 2 ** -14 * (1 - 2 ** -12)].map(f16),
    ).toEqual([...[0, 2 ** -24, 2 ** -23, 2 ** -14]]);
    expect([2049, 2051, 2048.999, 0.1].map(f16)).toEqual([2048, 2052, 2048, 0.0999755859375]);
    fc.assert(
      fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (x) => {
        const half = f16(x);
        const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
        expect(Math.abs(half - x)).toBeLessThanOrEqual(2 ** (exponent - 11));
        expect(f16(half)).toBe(half);
      }),
    );
  });
});
