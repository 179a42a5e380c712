// A thread with a lane: it sends numbered items and calls in between, and says how many replies were right.
import { parentPort, workerData } from 'node:worker_threads';
import { connectHostLane } from '@ringkernel/backend-cuda';

const { port, address, count, item, ask } = workerData;
const lane = connectHostLane(port);
const calls = [];
for (let number = 0; number < count; number++) {
  while (!lane.send(address, item, { number })) await lane.room();
  if (number % 4 === 0) calls.push(lane.call(address, ask, { x: number }));
}
const replies = await Promise.all(calls);
lane.close();
parentPort.postMessage({ right: replies.filter(({ twice }, i) => twice === 8 * i).length });
