import { parentPort, workerData } from 'node:worker_threads';
import { connectHostLane } from '@ringkernel/backend-cuda';
import { Sink } from '../actors.ts';
import { instances, type LaneTask } from './throughput.ts';

const { port, addresses, count } = workerData as LaneTask;
const lane = connectHostLane(port);
const targets = addresses.map((address) => lane.at(Sink, address));
parentPort?.once('message', async () => {
  const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
  for (let i = 0; i < count; i++) {
    const target = targets[i % instances] as (typeof targets)[0];
    payload.a = i;
    while (!target.trySend('Item', payload)) await lane.room();
  }
  lane.close();
  parentPort?.postMessage('sent');
});
parentPort?.postMessage('ready');
