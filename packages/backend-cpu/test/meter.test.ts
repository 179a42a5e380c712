import {
  controlBlock,
  counterBlock,
  latencyBlock,
  latencyBucket,
  readLatency,
} from '@ringkernel/core';
import { expect, test } from 'vitest';
import { KernelMeter } from '../dist/memory/meter.js';

test('latencies are where the shared layout has them, and more than 32 bits of them are counted', () => {
  const at = controlBlock.sizeBytes + counterBlock.sizeBytes;
  const memory = new SharedArrayBuffer(at + latencyBlock.sizeBytes);
  const words = new Int32Array(memory);
  const meter = new KernelMeter(memory, controlBlock.sizeBytes, at);
  const bucket = latencyBlock.bucketsWord + latencyBlock.bucketsStrideWords * latencyBucket(7);
  words[(at >>> 2) + bucket] = -2; // so many but two
  for (const us of [7, 7, 7, 90]) meter.latency(us);
  meter.flush();
  expect(readLatency(words, [at >>> 2])).toMatchObject({
    count: 2 ** 32 + 2,
    minUs: 7,
    p50Us: 7,
    p999Us: 7,
    maxUs: 90,
  });
});
