import type { LatencySnapshot } from '../backend/contract.ts';
import { readCounter } from './counter.ts';
import { latencyBlock, layoutLimit } from './generated.ts';

const subBits = layoutLimit.latencySubBits;
const subBuckets = 1 << subBits;

/**
 * Bucket of a latency in whole microseconds (a u32): exact below 16, then 16 buckets for each power of two, like HDR
 * histograms. The middle of a bucket is off by at most 1/32 of the value.
 */
export function latencyBucket(us: number): number {
  if (us < subBuckets) return us;
  const shift = 31 - Math.clz32(us) - subBits;
  return ((shift + 1) << subBits) + ((us >>> shift) & (subBuckets - 1));
}

/** The smallest latency of a bucket, microseconds; of the bucket behind the last, 2^32. */
export function latencyBucketFloor(bucket: number): number {
  if (bucket < subBuckets) return bucket;
  const shift = (bucket >>> subBits) - 1;
  return (subBuckets + (bucket & (subBuckets - 1))) * 2 ** shift;
}

/** Sums up latency blocks: `blocks` are the indices of their first words. Read while others write. */
export function readLatency(words: Int32Array, blocks: readonly number[]): LatencySnapshot {
  const counts = new Float64Array(latencyBlock.bucketsLength);
  let sumUs = 0;
  let minUs = Number.POSITIVE_INFINITY;
  let maxUs = 0;
  for (const block of blocks) {
    if (readCounter(words, block + latencyBlock.countLowWord) === 0) continue;
    sumUs += readCounter(words, block + latencyBlock.sumUsLowWord);
    minUs = Math.min(minUs, Atomics.load(words, block + latencyBlock.minUsWord) >>> 0);
    maxUs = Math.max(maxUs, Atomics.load(words, block + latencyBlock.maxUsWord) >>> 0);
    for (let i = 0; i < counts.length; i++) {
      const word = block + latencyBlock.bucketsWord + latencyBlock.bucketsStrideWords * i;
      counts[i] = (counts[i] as number) + readCounter(words, word);
    }
  }
  // The buckets and not the count word: quantiles must be of what is in the buckets read here.
  const count = counts.reduce((sum, n) => sum + n, 0);
  const at = (share: number) => quantile(counts, Math.ceil(count * share), minUs, maxUs);
  return {
    count,
    minUs: count === 0 ? 0 : minUs,
    meanUs: count === 0 ? 0 : sumUs / count,
    p50Us: at(0.5),
    p90Us: at(0.9),
    p99Us: at(0.99),
    p999Us: at(0.999),
    maxUs,
  };
}

/** The middle of the bucket that holds the value of this rank (from 1), within what was measured. */
function quantile(counts: Float64Array, rank: number, minUs: number, maxUs: number): number {
  if (rank === 0) return 0;
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i] as number;
    if (seen < rank) continue;
    const middle = (latencyBucketFloor(i) + latencyBucketFloor(i + 1) - 1) / 2;
    return Math.min(maxUs, Math.max(minUs, middle));
  }
  return maxUs;
}
