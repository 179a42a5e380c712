import { askBench, streamBench } from './ask.ts';
import type { Bench } from './bench.ts';
import { codecBench } from './codec.ts';
import { compilerBench } from './compiler.ts';
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
];
