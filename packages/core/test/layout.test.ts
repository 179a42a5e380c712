import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  addToCounter,
  counterBlock,
  deadLetterReasons,
  type LatencySnapshot,
  latencyBlock,
  latencyBucket,
  latencyBucketFloor,
  layoutLimit,
  readCounter,
  readLatency,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function memory(bytes: number) {
  const buffer = new SharedArrayBuffer(bytes);
  return { buffer, words: new Int32Array(buffer), wide: new BigInt64Array(buffer) };
}

describe('shared counters', () => {
  it('add up beyond 32 bits, down again and below 0', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 33 })), (changes) => {
        const { words, wide } = memory(64);
        let sum = 0;
        for (const change of changes) {
          addToCounter(words, wide, 2, change);
          sum += change;
          expect(readCounter(words, 2)).toBe(sum);
        }
        expect([words[0], words[1], words[4]]).toEqual([0, 0, 0]);
      }),
    );
  });

  it('are never seen half written', async () => {
    const { buffer } = memory(128);
    const rounds = 30_000_000;
    const start = (mode: string) =>
      new Worker(new URL('./workers/counter.mjs', import.meta.url), {
        workerData: { mode, buffer, rounds },
      });
    const reader = start('read');
    await once(reader, 'message');
    const read = once(reader, 'message');
    const [{ total }] = await once(start('write'), 'message');
    const [{ backwards, reads }] = await read;
    expect(total).toBe(rounds * 0x7000_0000);
    expect(reads).toBeGreaterThan(0);
    expect(backwards).toBe(0);
  }, 120_000);

  it('have one for each reason', () => {
    expect(counterBlock.deadLetteredLength).toBe(deadLetterReasons.length);
  });
});

describe('latency buckets', () => {
  it('hold their values within 1/32 of the middle', () => {
    fc.assert(
      fc.property(fc.oneof(u32, fc.nat(5_000)), (us) => {
        const bucket = latencyBucket(us);
        const [floor, next] = [latencyBucketFloor(bucket), latencyBucketFloor(bucket + 1)];
        expect(us).toBeGreaterThanOrEqual(floor);
        expect(us).toBeLessThan(next);
        expect(Math.abs((floor + next - 1) / 2 - us)).toBeLessThanOrEqual(us / 32);
      }),
    );
  });

  it('cover every u32 without a gap', () => {
    expect(latencyBucket(2 ** 32 - 1)).toBe(layoutLimit.latencyBuckets - 1);
    expect(latencyBucketFloor(layoutLimit.latencyBuckets)).toBe(2 ** 32);
    for (let i = 0; i < layoutLimit.latencyBuckets; i++) {
      expect(latencyBucket(latencyBucketFloor(i))).toBe(i);
    }
  });
});

describe('latency blocks', () => {
  const blockWords = latencyBlock.sizeWords;

  function record(words: Int32Array, wide: BigInt64Array, block: number, us: number): void {
    const first = readCounter(words, block + latencyBlock.countLowWord) === 0;
    const [min, max] = [block + latencyBlock.minUsWord, block + latencyBlock.maxUsWord];
    if (first || us < (words[min] as number) >>> 0) words[min] = us;
    if (us > (words[max] as number) >>> 0) words[max] = us;
    addToCounter(words, wide, block + latencyBlock.bucketsWord + 2 * latencyBucket(us), 1);
    addToCounter(words, wide, block + latencyBlock.sumUsLowWord, us);
    addToCounter(words, wide, block + latencyBlock.countLowWord, 1);
  }

  it('are empty when zeroed', () => {
    const { words } = memory(latencyBlock.sizeBytes);
    const empty: LatencySnapshot = {
      count: 0,
      minUs: 0,
      meanUs: 0,
      p50Us: 0,
      p90Us: 0,
      p99Us: 0,
      p999Us: 0,
      maxUs: 0,
    };
    expect(readLatency(words, [0])).toEqual(empty);
    expect(readLatency(words, [])).toEqual(empty);
  });

  it('give the quantiles of what several threads recorded, within 1/32', () => {
    const values = fc.array(fc.oneof(u32, fc.nat(200)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, values, (one, two) => {
        const { words, wide } = memory(3 * latencyBlock.sizeBytes);
        for (const us of one) record(words, wide, 0, us);
        for (const us of two) record(words, wide, 2 * blockWords, us);
        const found = readLatency(words, [0, blockWords, 2 * blockWords]);
        const all = [...one, ...two].sort((a, b) => a - b);
        const rank = (share: number) => all[Math.ceil(all.length * share) - 1] as number;
        const wanted = {
          p50Us: rank(0.5),
          p90Us: rank(0.9),
          p99Us: rank(0.99),
          p999Us: rank(0.999),
        };
        for (const [name, value] of Object.entries(wanted)) {
          const distance = Math.abs(found[name as keyof typeof wanted] - value);
          expect(distance, name).toBeLessThanOrEqual(value / 32);
        }
        expect(found).toMatchObject({ count: all.length, minUs: all[0], maxUs: all.at(-1) });
        const sum = all.reduce((a, b) => a + b, 0);
        expect(found.meanUs).toBe(sum / all.length);
      }),
    );
  });
});
