import {
  ClockSkewError,
  clockNode,
  compareStamps,
  decodeTimestamp,
  encodeTimestamp,
  HybridClock,
  InvalidOptionError,
  InvalidTimestampError,
  ManualClock,
  maxLogical,
  packStamp,
  physicalOf,
  SharedClock,
  StampPacker,
  SystemClock,
  stampToString,
  unpackStampBigInt,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const stamp = fc.record({
  physicalLow: u32,
  physicalHigh: fc.integer({ min: 0, max: 2 ** 20 - 1 }),
  logical: u32,
  node: u32,
});
const ownStamp = fc.record({
  physicalLow: u32,
  physicalHigh: fc.integer({ min: 0, max: 2 ** 20 - 1 }),
  logical: fc.integer({ min: 0, max: maxLogical }),
});

const largestOf = (values: readonly bigint[]) =>
  values.reduce((a, b) => {
    if (a > b) return a;
    return b;
  });

/** The rule of the paper over bigints, carrying logical parts of more than 12 bits. */
class Model {
  physical = 0n;
  logical = 0n;
  wall = 0n;

  tick(): void {
    this.receive(0n, 0n, false);
  }

  receive(physical: bigint, logical: bigint, received = true): void {
    const before = this.physical;
    const largest = largestOf([this.wall, before, physical]);
    const candidates = [
      ...(largest === before ? [this.logical] : []),
      ...(received && largest === physical ? [logical] : []),
    ];
    this.physical = largest;
    this.logical = candidates.length === 0 ? 0n : largestOf(candidates) + 1n;
    if (this.logical > BigInt(maxLogical)) {
      this.physical++;
      this.logical = 0n;
    }
  }
}

type Step =
  | { readonly kind: 'tick' }
  | { readonly kind: 'wall'; readonly us: number }
  | {
      readonly kind: 'merge';
      readonly low: number;
      readonly high: number;
      readonly logical: number;
    };

const near = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>({ kind: 'tick' }),
  near.map<Step>((n) => ({ kind: 'wall', us: 2 ** 32 - 20 + n })),
  fc
    .tuple(near, fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(4094, 4095, 2 ** 32 - 1)))
    .map<Step>(([n, logical]) => {
      const us = 2 ** 32 - 20 + n;
      return { kind: 'merge', low: us >>> 0, high: Math.floor(us / 2 ** 32), logical };
    }),
);

describe('HybridClock', () => {
  it('follows the rule of Kulkarni et al. and never goes backwards', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const physicalClock = new ManualClock();
        const clock = new HybridClock({ node: 1, physicalClock });
        const model = new Model();
        for (const action of steps) {
          const before = clock.stamp();
          if (action.kind === 'wall') {
            physicalClock.set(action.us);
            clock.refresh();
            model.wall = BigInt(action.us);
            continue;
          }
          if (action.kind === 'tick') {
            clock.tick();
            model.tick();
          } else {
            clock.merge(action.low, action.high, action.logical);
            model.receive(
              (BigInt(action.high) << 32n) | BigInt(action.low),
              BigInt(action.logical),
            );
            expect(compareStamps(clock, { ...before, ...received(action) })).toBeGreaterThan(0);
          }
          expect(compareStamps(clock, before)).toBeGreaterThan(0);
          expect([physicalOf(clock), BigInt(clock.logical)]).toEqual([
            model.physical,
            model.logical,
          ]);
        }
      }),
      { numRuns: 500 },
    );
  });

  const received = (action: { low: number; high: number; logical: number }) => ({
    physicalLow: action.low,
    physicalHigh: action.high,
    logical: action.logical,
  });

  it('takes the wall clock when that is ahead, else counts', () => {
    const physicalClock = new ManualClock(1_000);
    const clock = new HybridClock({ node: 7, physicalClock });
    clock.tick();
    expect(clock.stamp()).toEqual({ physicalLow: 1_000, physicalHigh: 0, logical: 0, node: 7 });
    clock.tick();
    expect(clock.logical).toBe(1);
    physicalClock.advance(5);
    clock.tick();
    expect(clock.logical, 'the wall clock is read by refresh alone').toBe(2);
    clock.refresh();
    clock.tick();
    expect(stampToString(clock)).toBe('HLC(1005.0.7)');
  });

  it('carries 4096 events of one microsecond into the next and counts it', () => {
    const clock = new HybridClock({ node: 0, physicalClock: new ManualClock(2 ** 32 - 1) });
    for (let i = 0; i <= maxLogical; i++) clock.tick();
    expect(clock).toMatchObject({ physicalHigh: 0, logical: maxLogical, overflows: 0 });
    clock.tick();
    expect(clock).toMatchObject({ physicalLow: 0, physicalHigh: 1, logical: 0, overflows: 1 });
  });

  it('counts backward jumps of the wall clock and says how far it is ahead', () => {
    const physicalClock = new ManualClock(100_000_000);
    const clock = new HybridClock({ node: 0, physicalClock, maxSkewMs: 1_000 });
    clock.tick();
    physicalClock.set(99_500_000);
    expect(clock.refresh()).toBe(true);
    expect(clock).toMatchObject({ backwardJumps: 1, aheadUs: 500_000 });
    physicalClock.set(98_000_000);
    expect(clock.refresh(), 'further ahead than maxSkewMs').toBe(false);
    physicalClock.set(200_000_000);
    expect(clock.refresh()).toBe(true);
    expect(clock).toMatchObject({ backwardJumps: 2, aheadUs: 0, maxAheadUs: 2_000_000 });
  });

  it('refuses a stamp too far in the future and stays as it was', () => {
    const clock = new HybridClock({ node: 1, physicalClock: new ManualClock(1_000_000) });
    clock.tick();
    const before = clock.stamp();
    const at = (us: number) => ({ physicalLow: us, physicalHigh: 0, logical: 3, node: 2 });
    const attempt = () => clock.update(at(61_000_001));
    expect(attempt).toThrow(ClockSkewError);
    expect(attempt).toThrow(expect.objectContaining({ skewMs: 60_000.001, maxMs: 60_000 }));
    expect(clock.stamp()).toEqual(before);
    clock.update(at(61_000_000));
    expect(clock.stamp()).toEqual({ ...at(61_000_000), logical: 4, node: 1 });
  });

  it('refuses wrong options and a wall clock that tells no time', () => {
    expect(() => new HybridClock({ node: -1 })).toThrow(InvalidOptionError);
    expect(() => new HybridClock({ node: 0, maxSkewMs: Number.NaN })).toThrow(InvalidOptionError);
    const physicalClock = { nowUs: () => Number.NaN };
    expect(() => new HybridClock({ node: 0, physicalClock })).toThrow(InvalidTimestampError);
    expect(() => new ManualClock(-1)).toThrow(InvalidTimestampError);
  });
});

describe('SystemClock', () => {
  it('stays within a millisecond of Date.now', () => {
    const clock = new SystemClock();
    for (let i = 0; i < 10_000; i++) {
      const before = Date.now();
      const us = clock.nowUs();
      const after = Date.now();
      expect(us).toBeGreaterThanOrEqual(before * 1000);
      expect(us).toBeLessThan((after + 1) * 1000);
    }
  });
});

describe('SharedClock', () => {
  it('ticks like a hybrid clock', () => {
    const physicalClock = new ManualClock(1_000);
    const clock = new SharedClock(new SharedArrayBuffer(64), { physicalClock });
    expect(clock.last()).toBe(0n);
    expect(clock.tick()).toBe(1_000n << 12n);
    expect(clock.tick()).toBe((1_000n << 12n) + 1n);
    physicalClock.set(900);
    expect(clock.tick()).toBe((1_000n << 12n) + 2n);
    expect(clock.update(5_000n << 12n)).toBe((5_000n << 12n) + 1n);
    for (let i = 0; i < 4_095; i++) clock.tick();
    expect(clock.last()).toBe(5_001n << 12n);
    expect(clock.overflows).toBe(1);
  });

  it('is one clock in all objects over the same word', () => {
    const buffer = new SharedArrayBuffer(64);
    const physicalClock = new ManualClock(1);
    const a = new SharedClock(buffer, { physicalClock, byteOffset: 8 });
    const b = new SharedClock(buffer, { physicalClock, byteOffset: 8 });
    expect([a.tick(), b.tick(), a.tick()]).toEqual([4096n, 4097n, 4098n]);
  });

  it('refuses skew and words outside of the buffer', () => {
    const buffer = new SharedArrayBuffer(64);
    const clock = new SharedClock(buffer, { physicalClock: new ManualClock(0), maxSkewMs: 1 });
    expect(() => clock.update(1_001n << 12n)).toThrow(ClockSkewError);
    expect(clock.last()).toBe(0n);
    for (const byteOffset of [-8, 4, 64]) {
      expect(() => new SharedClock(buffer, { byteOffset })).toThrow(InvalidOptionError);
    }
  });
});

describe('packed stamps', () => {
  it('come back and sort as the stamps do', () => {
    fc.assert(
      fc.property(ownStamp, ownStamp, (a, b) => {
        expect(unpackStampBigInt(packStamp(a))).toEqual(a);
        const order = compareStamps({ ...a, node: 0 }, { ...b, node: 0 });
        const [x, y] = [packStamp(a), packStamp(b)];
        expect(Math.sign(order)).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });

  it('carry large logical parts and count them', () => {
    const packer = new StampPacker();
    packer.pack(2 ** 32 - 1, 0, 4096);
    expect(packer).toMatchObject({ carries: 1 });
    expect(packer.toBigInt()).toBe(1n << 44n);
    fc.assert(
      fc.property(stamp, (s) => {
        const sum = (physicalOf(s) << 12n) + BigInt(s.logical);
        fc.pre(sum < 1n << 64n);
        expect(packStamp(s)).toBe(sum);
      }),
    );
  });

  it('refuse what does not fit', () => {
    const tooLate = { physicalLow: 0, physicalHigh: 2 ** 20, logical: 0 };
    expect(() => packStamp(tooLate)).toThrow(InvalidTimestampError);
    expect(() => unpackStampBigInt(1n << 64n)).toThrow(InvalidTimestampError);
    expect(() => unpackStampBigInt(-1n)).toThrow(InvalidTimestampError);
  });
});

describe('exchange form', () => {
  it('comes back', () => {
    const view = new DataView(new ArrayBuffer(32));
    fc.assert(
      fc.property(stamp, fc.integer({ min: 0, max: 8 }), (s, at) => {
        encodeTimestamp(view, at, s);
        expect(decodeTimestamp(view, at)).toEqual(s);
        expect(view.getBigUint64(at, true)).toBe(physicalOf(s));
        expect(view.getBigUint64(at + 8, true)).toBe(BigInt(s.logical));
        expect(view.getBigUint64(at + 16, true)).toBe(BigInt(s.node));
      }),
    );
  });

  it('refuses any bytes that our stamps can not hold, and short ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const fits =
          bytes.length >= 24 &&
          view.getUint32(4, true) < 2 ** 20 &&
          view.getUint32(12, true) === 0 &&
          view.getUint32(20, true) === 0;
        if (fits) expect(decodeTimestamp(view, 0).node).toBe(view.getUint32(16, true));
        else expect(() => decodeTimestamp(view, 0)).toThrow(InvalidTimestampError);
      }),
    );
    expect(() => decodeTimestamp(new DataView(new ArrayBuffer(32)), 9)).toThrow('24 bytes');
  });
});

describe('node of a clock', () => {
  it('joins node id and thread', () => {
    expect(clockNode(0xabcd, 0xef)).toBe(0xabcdef);
  });
});
