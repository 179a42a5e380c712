import { parentPort, workerData } from 'node:worker_threads';
import { type LaneTask, streamOneLane } from './throughput.ts';

const { simulated, count } = workerData as LaneTask;
const rate = await streamOneLane({ quick: false, simulated }, count);
parentPort?.postMessage(rate);
