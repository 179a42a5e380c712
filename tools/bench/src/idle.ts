import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime } from '@ringkernel/runtime';
import { Ring } from './actors.ts';
import type { Bench, Row } from './bench.ts';

/** Processor time of this process, all threads, as a share of one core. */
async function busyShare(ms: number): Promise<number> {
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(ms);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000 / (performance.now() - start);
}

export const idleBench: Bench = {
  name: 'idle',
  title: 'what 10,000 waiting actors cost, and launching them',
  async run({ quick }) {
    const ms = quick ? 200 : 5_000;
    const without = await busyShare(ms);
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const start = performance.now();
    const ring = await runtime.launch(Ring, { instances: 10_000 });
    const launchMs = performance.now() - start;
    await ring.send('Token', { hops: 20_000 });
    await ring.receive('Done');
    await runtime.settled();
    await sleep(100); // adaptive spins end
    const idle = await busyShare(ms);
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
