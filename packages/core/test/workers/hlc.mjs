// One of several threads that tick clocks; run by hlc-threads.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import {
  clockNode,
  compareStamps,
  HybridClock,
  packStamp,
  SharedClock,
  unpackStampBigInt,
} from '@ringkernel/core';

const { mode, thread, threads, ticks, buffer, gate } = workerData;

/** Begins together with the other threads, so that they contend. */
function begin() {
  const words = new Int32Array(gate);
  if (Atomics.add(words, 0, 1) === threads - 1) Atomics.notify(words, 0);
  for (let n = Atomics.load(words, 0); n < threads; n = Atomics.load(words, 0)) {
    Atomics.wait(words, 0, n, 1000);
  }
}

/** Its own clock, merged every 64 ticks with what another thread published. */
function ownClock() {
  const published = new BigUint64Array(buffer);
  const clock = new HybridClock({ node: clockNode(1, thread) });
  let last = clock.stamp();
  let backwards = 0;
  let behindReceived = 0;
  let merges = 0;
  for (let i = 1; i <= ticks; i++) {
    if (i % 64 === 0) {
      clock.refresh();
      Atomics.store(published, thread * 8, packStamp(clock));
      const other = (thread + 1 + ((i >>> 6) % (threads - 1))) % threads;
      const received = unpackStampBigInt(Atomics.load(published, other * 8));
      clock.merge(received.physicalLow, received.physicalHigh, received.logical);
      if (compareStamps(clock, { ...received, node: clock.node }) <= 0) behindReceived++;
      merges++;
    } else {
      clock.tick();
    }
    if (compareStamps(clock, last) <= 0) backwards++;
    last =
      i % 64 === 0
        ? clock.stamp()
        : Object.assign(last, {
            physicalLow: clock.physicalLow,
            physicalHigh: clock.physicalHigh,
            logical: clock.logical,
          });
  }
  return { backwards, behindReceived, merges, node: clock.node };
}

/** The one clock of all; every stamp is kept, so that duplicates between threads can be found. */
function sharedClock() {
  const clock = new SharedClock(buffer);
  const stamps = new BigUint64Array(workerData.stamps, thread * ticks * 8, ticks);
  let last = 0n;
  let backwards = 0;
  for (let i = 0; i < ticks; i++) {
    const stamp = clock.tick();
    if (stamp <= last) backwards++;
    last = stamp;
    stamps[i] = stamp;
  }
  return { backwards };
}

begin();
parentPort.postMessage(mode === 'own' ? ownClock() : sharedClock());
