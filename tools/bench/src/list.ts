import type { Bench } from './bench.ts';
import { compilerBench } from './compiler.ts';

/** All benches, in the order they run. */
export const benches: readonly Bench[] = [compilerBench];
