// Adds to a counter just below 2^32 again and again, or reads it; run by layout.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { addToCounter, readCounter } from '@ringkernel/core';

const { buffer, rounds } = workerData;
const words = new Int32Array(buffer);
const wide = new BigInt64Array(buffer);

/** Word 0 and 1: the counter. Word 16: 1 when the writer is done. */
if (workerData.mode === 'write') {
  for (let round = 0; round < rounds; round++) addToCounter(words, wide, 0, 0x7000_0000);
  Atomics.store(words, 16, 1);
  parentPort.postMessage({ total: readCounter(words, 0) });
} else {
  let last = 0;
  let reads = 0;
  let backwards = 0;
  parentPort.postMessage('ready');
  while (Atomics.load(words, 16) === 0) {
    const value = readCounter(words, 0);
    if (value < last || value % 0x7000_0000 !== 0) backwards++;
    last = value;
    reads++;
  }
  parentPort.postMessage({ backwards, reads });
}
