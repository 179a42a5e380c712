// A thread that sends to counters by a lane of its own, and tells what they replied.
import { parentPort, workerData } from 'node:worker_threads';
import { connectHostLane } from '@ringkernel/backend-cuda';
import { actor, ask, u32, u64 } from '@ringkernel/runtime';

/** What is sent is decided by the schemas alone: this one never runs. */
const Counter = actor('Counter', {
  state: {},
  messages: { Add: { by: u32 }, Get: ask({}, { count: u32, total: u64 }) },
  on: { Add() {}, Get() {} },
});

const { port, addresses, times } = workerData;
const lane = connectHostLane(port);
const replies = [];
for (const address of addresses) {
  const counter = lane.at(Counter, address);
  for (let i = 0; i < times; i++) {
    while (!counter.trySend('Add', { by: 2 })) await lane.room();
  }
  // Sent after all of them, so handled after all of them.
  replies.push(await counter.call('Get', {}));
}
lane.close();
parentPort.postMessage(replies);
