import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LanePort } from '@ringkernel/core';
import type { HandleOf } from '@ringkernel/runtime';
import { Sink } from '../actors.ts';
import type { Bench, BenchOptions, Row } from '../bench.ts';
import { cudaMissing, openCuda } from './device.ts';

/** Actors that the messages go to, in turn. */
export const instances = 64;

/** What a thread with its own lane is told. It says that it is ready, is told to begin, and says that all is sent. */
export interface LaneTask {
  readonly port: LanePort;
  readonly addresses: readonly number[];
  readonly count: number;
}

/** Each of so many threads streams to the same actors by its own lane; messages per second until all are handled. */
async function streamByLanes(options: BenchOptions, lanes: number, count: number): Promise<number> {
  await using runtime = await openCuda(options, { hostLanes: lanes + 1, hotUs: 1_000_000 });
  const sink = await runtime.launch(Sink, { instances, queueCapacity: 65_536 });
  const addresses = Array.from({ length: instances }, (_, i) => sink.at(i).address);
  const threads = Array.from({ length: lanes }, () => {
    const workerData: LaneTask = { port: runtime.openHostLane(), addresses, count };
    return new Worker(new URL('./lane-thread.js', import.meta.url), { workerData });
  });
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const start = performance.now();
  const sent = threads.map((thread) => once(thread, 'message'));
  for (const thread of threads) thread.postMessage('begin');
  await Promise.all(sent);
  await runtime.settled();
  const seconds = (performance.now() - start) / 1_000;
  await checkAll(sink, lanes * count);
  return (lanes * count) / seconds;
}

/** A rate of messages that were lost says nothing. */
async function checkAll(sink: HandleOf<typeof Sink>, sent: number): Promise<void> {
  let seen = 0;
  for (let i = 0; i < instances; i++) seen += (await sink.at(i).readState()).seen;
  if (seen !== sent) throw new Error(`of ${sent} messages ${seen} were handled`);
}

export const cudaThroughputBench: Bench = {
  name: 'cuda-throughput',
  title:
    'CUDA: one-way messages of 8 fields to 64 actors, by the number of lanes, each of its own thread',
  missing: cudaMissing,
  async run(options) {
    const { quick, simulated } = options;
    const count = quick ? 2_000 : 5_000_000;
    const rows: Row[] = [];
    for (const lanes of quick ? [1, 2] : [1, 2, 4]) {
      const perSecond = await streamByLanes(options, lanes, count);
      const row: Row = { name: `lanes: ${lanes}`, value: perSecond / 1e6, unit: 'M messages/s' };
      const target = { target: '>= 10 M messages/s', met: perSecond >= 1e7 };
      rows.push(lanes === 1 && !simulated ? { ...row, ...target } : row);
    }
    return rows;
  },
};
