import { askBench, streamBench } from './ask.ts';
import type { Bench } from './bench.ts';
import { codecBench } from './codec.ts';
import { compilerBench } from './compiler.ts';
import { cudaAskBench, cudaHopBench, cudaSendBench } from './cuda/latency.ts';
import { cudaLossBench } from './cuda/loss.ts';
import { cudaActorsBench, cudaPauseBench } from './cuda/scale.ts';
import { cudaThroughputBench } from './cuda/throughput.ts';
import { idleBench } from './idle.ts';
import { k2kBench } from './k2k.ts';
import { queueBench } from './queue.ts';
import { sendBench } from './send.ts';
import { webgpuBench } from './webgpu.ts';

/** All benches, in the order they run. */
export const benches: readonly Bench[] = [
  askBench,
  streamBench,
  sendBench,
  k2kBench,
  idleBench,
  queueBench,
  codecBench,
  compilerBench,
  webgpuBench,
  cudaSendBench,
  cudaAskBench,
  cudaHopBench,
  cudaThroughputBench,
  cudaActorsBench,
  cudaPauseBench,
  cudaLossBench,
];
