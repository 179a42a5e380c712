import { connectHostLane } from '@ringkernel/backend-cuda';
import type { HandleOf } from '@ringkernel/runtime';
import { Echo, Ring, Sink } from '../actors.ts';
import { type Bench, type BenchOptions, below, beside, plain, type Row } from '../bench.ts';
import { interleaved, median, nsPer, nsPerAsync, quantile } from '../measure.ts';
import { cudaMissing, openCuda } from './device.ts';

const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
/** Fits the lane, so that nothing is measured but the sender. */
const burst = 500;

/** What one message costs the JavaScript that sends it: writing it to memory that the device polls. */
export const cudaSendBench: Bench = {
  name: 'cuda-send',
  title: 'CUDA: what one message of 8 fields costs the thread that sends it, in bursts of 500',
  missing: cudaMissing,
  async run(options) {
    await using runtime = await openCuda(options, { hostLanes: 2 });
    const sink = await runtime.launch(Sink);
    const lane = connectHostLane(runtime.openHostLane());
    const bursts = options.quick ? 5 : 400;
    const ways = { trySend: sink, 'trySend of a lane': lane.at(Sink, sink.address) };
    const rows: Row[] = [];
    for (const [name, way] of Object.entries(ways)) {
      const samples: number[] = [];
      for (let i = -1; i < bursts; i++) {
        const ns = nsPer(burst, () => {
          for (let n = 0; n < burst; n++) way.trySend('Item', payload);
        });
        await runtime.settled();
        if (i >= 0) samples.push(ns); // the first one compiles the code that sends
      }
      const unit = 'ns';
      rows.push(
        below(options, { name: `${name}, p50 of the bursts`, value: median(samples), unit }, 15),
        { name: `${name}, p99 of the bursts`, value: quantile(samples, 0.99), unit },
      );
    }
    return rows;
  },
};

/** Nanoseconds of round trips, one after the other. */
async function roundTrips(echo: HandleOf<typeof Echo>, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = -100; i < count; i++) {
    const start = process.hrtime.bigint();
    await echo.call('Ask', { value: i >>> 0 });
    if (i >= 0) samples.push(Number(process.hrtime.bigint() - start)); // the first ones warm up
  }
  return samples;
}

/** Host to actor to host, one after the other, and many at once. */
export const cudaAskBench: Bench = {
  name: 'cuda-ask',
  title: 'CUDA: request and reply, host to actor and back, scheduled and dedicated',
  missing: cudaMissing,
  async run(options) {
    // The event loop polls all the time: what is measured is the device, not how the host falls asleep.
    await using runtime = await openCuda(options, { hotUs: 1_000_000 });
    const count = options.quick ? 200 : 50_000;
    const echo = await runtime.launch(Echo);
    const scheduled = await roundTrips(echo, count);
    const inFlight = await nsPerAsync(options.quick ? 500 : 200_000, async (n) => {
      for (let left = n; left > 0; left -= burst) {
        await Promise.all(Array.from({ length: burst }, (_, i) => echo.call('Ask', { value: i })));
      }
    });
    const own = await runtime.launch(Echo, { id: 'dedicated', dedicated: true });
    const dedicated = await roundTrips(own, count);
    const unit = 'ns';
    return [
      below(options, { name: 'scheduled, p50', value: median(scheduled), unit }, 8_000),
      { name: 'scheduled, p99', value: quantile(scheduled, 0.99), unit },
      { name: 'scheduled, mean of 500 in flight', value: inFlight, unit },
      below(options, { name: 'dedicated, p50', value: median(dedicated), unit }, 5_000),
      { name: 'dedicated, p99', value: quantile(dedicated, 0.99), unit },
    ];
  },
};

async function tokenRound(options: BenchOptions): Promise<Record<string, number>> {
  await using runtime = await openCuda(options);
  const hops = options.quick ? 500 : 200_000;
  const pair = await runtime.launch(Ring, { id: 'pair', instances: 2 });
  const ring = await runtime.launch(Ring, { instances: 1_000 });
  const round = (kernel: typeof pair) => () =>
    nsPerAsync(hops, async (n) => {
      await kernel.send('Token', { hops: n });
      await kernel.receive('Done', { timeoutMs: 600_000 });
    });
  const variants = { 'ping-pong of two': round(pair), 'ring of 1000': round(ring) };
  return await interleaved(variants, options.quick ? 1 : 7);
}

/** Actor to actor on the device, one message under way. */
export const cudaHopBench: Bench = {
  name: 'cuda-hop',
  title: 'CUDA: one hop from actor to actor, without the host',
  missing: cudaMissing,
  async run(options) {
    const medians = await tokenRound(options);
    return [
      below(options, plain(medians, 'ping-pong of two', 'ns'), 2_500),
      beside(medians, 'ring of 1000', 'ping-pong of two', 'ns'),
    ];
  },
};
