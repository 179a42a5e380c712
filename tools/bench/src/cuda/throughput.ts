import { Worker } from 'node:worker_threads';
import { Sink } from '../actors.ts';
import type { Bench, BenchOptions, Row } from '../bench.ts';
import { cudaMissing, openCuda } from './device.ts';

/** What a thread with its own lane is told, and what it tells. */
export interface LaneTask {
  readonly simulated: boolean;
  readonly count: number;
}

/** Streams to an actor through one lane; messages per second, when all have been handled. */
export async function streamOneLane(options: BenchOptions, count: number): Promise<number> {
  await using runtime = await openCuda(options);
  const sink = await runtime.launch(Sink, { instances: 64, queueCapacity: 65_536 });
  const instances = Array.from({ length: 64 }, (_, i) => sink.at(i));
  const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const target = instances[i % 64] as (typeof instances)[0];
    payload.a = i >>> 0;
    if (!target.trySend('Item', payload)) await target.send('Item', payload);
  }
  await runtime.settled();
  return (count / (performance.now() - start)) * 1_000;
}

/** Each lane is a device of its own thread: they share the GPU, and nothing else. */
function streamInThread(task: LaneTask): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./lane-thread.js', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a lane's thread ended with ${code}`)));
  });
}

export const cudaThroughputBench: Bench = {
  name: 'cuda-throughput',
  title: 'CUDA: one-way messages of 8 fields to 64 actors, by the number of lanes',
  missing: cudaMissing,
  async run({ quick, simulated = false }) {
    const count = quick ? 2_000 : 5_000_000;
    const rows: Row[] = [];
    for (const lanes of quick ? [1, 2] : [1, 2, 4]) {
      const threads = Array.from({ length: lanes }, () => streamInThread({ simulated, count }));
      const perSecond = (await Promise.all(threads)).reduce((sum, rate) => sum + rate, 0);
      const row: Row = { name: `lanes: ${lanes}`, value: perSecond / 1e6, unit: 'M messages/s' };
      const target = { target: '>= 10 M messages/s', met: perSecond >= 1e7 };
      rows.push(lanes === 1 && !simulated ? { ...row, ...target } : row);
    }
    return rows;
  },
};
