import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime } from '@ringkernel/runtime';
import { Ring } from './actors.ts';
import type { Bench, Row } from './bench.ts';
import { median } from './measure.ts';

/** Processor time of this process, all threads, as a share of one core. */
async function busyShare(ms: number): Promise<number> {
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(ms);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000 / (performance.now() - start);
}

/** The median of several seconds: some seconds after a burst V8 collects garbage twice, which is no cost of waiting. */
async function medianShare(windows: number): Promise<number> {
  const shares: number[] = [];
  for (let i = 0; i < windows; i++) shares.push(await busyShare(windows === 1 ? 200 : 1_000));
  return median(shares);
}

export const idleBench: Bench = {
  name: 'idle',
  title: 'what 10,000 waiting actors cost, and launching them',
  async run({ quick }) {
    const windows = quick ? 1 : 8;
    const without = await medianShare(windows);
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const start = performance.now();
    const ring = await runtime.launch(Ring, { instances: 10_000 });
    const launchMs = performance.now() - start;
    await ring.send('Token', { hops: 20_000 });
    await ring.receive('Done');
    await runtime.settled();
    await sleep(100); // adaptive spins end
    const idle = await medianShare(windows);
    const bytes = ring.metrics().memoryBytes / 10_000;
    const rows: Row[] = [
      { name: 'processor, no runtime', value: 100 * without, unit: '% of a core' },
      {
        name: 'processor, 10,000 idle actors',
        value: 100 * idle,
        unit: '% of a core',
        target: '< 0.5',
        met: idle < 0.005,
      },
      {
        name: 'shared memory per instance',
        value: bytes,
        unit: 'bytes',
        target: '<= 200',
        met: bytes <= 200,
      },
      { name: 'launch of 10,000 instances', value: launchMs, unit: 'ms' },
    ];
    return rows;
  },
};
