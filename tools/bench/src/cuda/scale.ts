import { Echo, Ring } from '../actors.ts';
import { type Bench, plain, type Row } from '../bench.ts';
import { interleaved, quantile } from '../measure.ts';
import { cudaMissing, openCuda } from './device.ts';

export const cudaActorsBench: Bench = {
  name: 'cuda-actors',
  title: 'CUDA: a million live actors, and a token that visits each of them',
  missing: cudaMissing,
  async run(options) {
    const instances = options.quick ? 10_000 : 1_000_000;
    await using runtime = await openCuda(options);
    const start = performance.now();
    const ring = await runtime.launch(Ring, { instances, queueCapacity: 16 });
    const launchMs = performance.now() - start;
    const begun = performance.now();
    await ring.send('Token', { hops: instances });
    await ring.receive('Done', { timeoutMs: 600_000 });
    const roundMs = performance.now() - begun;
    const bytes = ring.metrics().memoryBytes / instances;
    return [
      { name: 'actors', value: instances, unit: 'live' },
      { name: 'launch', value: launchMs, unit: 'ms' },
      { name: 'a token to each', value: (roundMs * 1e6) / instances, unit: 'ns/hop' },
      { name: 'memory', value: bytes, unit: 'bytes/actor' },
    ];
  },
};

/** Launching and ending makes every kernel leave and come back: what that costs, and how long the others are silent. */
export const cudaPauseBench: Bench = {
  name: 'cuda-pause',
  title: 'CUDA: all kernels leave and come back, beside traffic',
  missing: cudaMissing,
  async run(options) {
    await using runtime = await openCuda(options, { hotUs: 1_000_000 });
    const echo = await runtime.launch(Echo);
    const silences: number[] = [];
    let running = true;
    let longestMs = 0;
    const traffic = (async () => {
      for (let value = 0; running; value++) {
        const start = performance.now();
        await echo.call('Ask', { value: value >>> 0 });
        longestMs = Math.max(longestMs, performance.now() - start);
      }
    })();
    const cycle = async (): Promise<number> => {
      longestMs = 0;
      const start = performance.now();
      const other = await runtime.launch(Ring, { id: 'other' });
      await other.terminate();
      silences.push(longestMs);
      return performance.now() - start;
    };
    const medians = await interleaved(
      { 'launch and end of a kernel': cycle },
      options.quick ? 3 : 50,
    );
    running = false;
    await traffic;
    const rows: Row[] = [
      plain(medians, 'launch and end of a kernel', 'ms'),
      {
        name: 'longest wait for a reply meanwhile, p50',
        value: quantile(silences, 0.5),
        unit: 'ms',
      },
      {
        name: 'longest wait for a reply meanwhile, p99',
        value: quantile(silences, 0.99),
        unit: 'ms',
      },
    ];
    return rows;
  },
};
