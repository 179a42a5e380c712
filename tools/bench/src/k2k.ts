import { createRuntime, type Runtime } from '@ringkernel/runtime';
import { Big, Counting, Ring } from './actors.ts';
import { type Bench, plain, type Row } from './bench.ts';
import { interleaved, type Variant } from './measure.ts';

/** Savina's micro-benchmarks (Imam and Sarkar, AGERE 2014), as nanoseconds per message. */
async function variants(runtime: Runtime, scale: number): Promise<Record<string, Variant>> {
  const ring = await runtime.launch(Ring, { instances: 100 });
  const pair = await runtime.launch(Ring, { id: 'pair', instances: 2 });
  const counting = await runtime.launch(Counting, { instances: 2 });
  const big = await runtime.launch(Big, { instances: 120 });
  const timed = async (messages: number, run: () => Promise<unknown>): Promise<number> => {
    const start = process.hrtime.bigint();
    await run();
    return Number(process.hrtime.bigint() - start) / messages;
  };
  return {
    'thread ring, 100 actors': () =>
      timed(scale, async () => {
        await ring.send('Token', { hops: scale });
        await ring.receive('Done');
      }),
    'ping-pong': () =>
      timed(scale, async () => {
        await pair.send('Token', { hops: scale });
        await pair.receive('Done');
      }),
    counting: () =>
      timed(scale, async () => {
        await counting.send('Produce', { count: scale });
        await counting.receive('Done');
      }),
    'big, 120 actors': () => {
      const pings = Math.ceil(scale / 240);
      return timed(pings * 240, async () => {
        for (let i = 0; i < 120; i++) await big.at(i).send('Start', { pings });
        for (let i = 0; i < 120; i++) await big.receive('Done');
      });
    },
  };
}

/** What design and other systems' figures ask for, nanoseconds per message: Erlang 25 on this kind of machine. */
export const k2kBench: Bench = {
  name: 'k2k',
  title: 'actor to actor without the host (Savina), one worker and two',
  async run({ quick }) {
    const rows: Row[] = [];
    for (const workers of [1, 2]) {
      await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers } });
      const scale = quick ? 2_400 : 480_000;
      const medians = await interleaved(await variants(runtime, scale), quick ? 1 : 7);
      for (const name of Object.keys(medians)) {
        rows.push({ ...plain(medians, name, 'ns/message'), name: `${name}, ${workers} worker(s)` });
      }
    }
    return rows;
  },
};
