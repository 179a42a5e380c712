import type { Bench } from './bench.ts';

/** All benches, in the order they run. */
export const benches: readonly Bench[] = [];
