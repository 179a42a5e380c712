import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimits, SlidingWindow, TokenBucket } from '../dist/flow/rate-limiter.js';

/** Times that never go back, from the gaps between them. */
const times = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }).map((gaps) => {
  let ms = 0;
  return gaps.map((gap) => {
    ms += gap;
    return ms;
  });
});

/** The times at which something was let through. */
function taken(limiter: TokenBucket | SlidingWindow, at: readonly number[]): number[] {
  return at.filter((ms) => {
    if (limiter.waitMs(ms) > 0) return false;
    limiter.take(ms);
    return true;
  });
}

describe('rate limiters', () => {
  test('a sliding window never lets more through in any window, and no less than it may', () => {
    const max = fc.integer({ min: 1, max: 10 });
    const windowMs = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(times, max, windowMs, (at, most, window) => {
        const passed = taken(new SlidingWindow(most, window), at);
        const expected: number[] = [];
        for (const ms of at) {
          if (expected.filter((before) => before > ms - window).length < most) expected.push(ms);
        }
        expect(passed).toEqual(expected);
      }),
    );
  });

  test('a token bucket lets a burst and then its rate through', () => {
    const perSecond = fc.integer({ min: 1, max: 100 });
    const burst = fc.integer({ min: 1, max: 10 });
    fc.assert(
      fc.property(times, perSecond, burst, (at, rate, size) => {
        const passed = taken(new TokenBucket(rate, size), at);
        for (const [i, from] of passed.entries()) {
          for (const [j, to] of passed.entries()) {
            const most = size + ((to - from) * rate) / 1_000 + 1e-3;
            if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(most);
          }
        }
      }),
    );
  });

  test('after the time it names, a limiter lets one through', () => {
    for (const limiter of [new TokenBucket(3, 2), new SlidingWindow(2, 700)]) {
      let nowMs = 1;
      for (let i = 0; i < 50; i++) {
        const waitMs = limiter.waitMs(nowMs);
        if (waitMs > 0) expect(limiter.waitMs(nowMs + waitMs / 2)).toBeGreaterThan(0);
        nowMs += waitMs;
        expect(limiter.waitMs(nowMs)).toBe(0);
        limiter.take(nowMs);
      }
      const ms = limiter instanceof TokenBucket ? 48_000 / 3 : 24 * 700;
      expect(nowMs).toBeCloseTo(1 + ms, 3);
    }
  });

  test('a limit that refuses costs the others nothing', () => {
    let nowMs = 0;
    const kernel = { subject: 'kernel', limiter: new SlidingWindow(2, 100) };
    const tenant = { subject: 'tenant', limiter: new SlidingWindow(1, 10) };
    const limits = new RateLimits([kernel, tenant], () => nowMs);
    expect(limits.take()).toBeUndefined();
    for (let i = 0; i < 5; i++) expect(limits.take()).toMatchObject({ subject: 'tenant' });
    nowMs = 10;
    expect(limits.take()).toBeUndefined();
    nowMs = 20;
    expect(limits.take()).toEqual({ subject: 'kernel', retryAfterMs: 80 });
    nowMs = 100;
    expect(limits.take()).toBeUndefined();
    expect(limits.refused).toBe(6);
  });
});
