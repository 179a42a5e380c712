import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createRuntime } from '@ringkernel/runtime';
import { Echo, Sink } from './actors.ts';
import { type Bench, beside, plain, type Row } from './bench.ts';
import { interleaved, nsPerAsync, quantile } from './measure.ts';
import { PostMessageEcho, startPiscina } from './peers.ts';

/** Sequential asks: each awaited before the next. Returns nanoseconds of the wanted quantile, or the mean. */
async function sequential(
  count: number,
  ask: (value: number) => Promise<unknown>,
  share: number | null,
): Promise<number> {
  const samples: number[] = [];
  const mean = await nsPerAsync(count, async (n) => {
    for (let i = 0; i < n; i++) {
      const start = process.hrtime.bigint();
      await ask(i);
      samples.push(Number(process.hrtime.bigint() - start));
    }
  });
  return share === null ? mean : quantile(samples, share);
}

/** Asks under way at once: they fit the mailbox, so that no sender waits for room. */
const inFlight = 1_000;

/** Bursts of asks, each under way as a whole. */
function together(bursts: number, ask: (value: number) => Promise<unknown>): Promise<number> {
  return nsPerAsync(bursts * inFlight, async () => {
    for (let burst = 0; burst < bursts; burst++) {
      await Promise.all(Array.from({ length: inFlight }, (_, i) => ask(i)));
    }
  });
}

/** All variants with one setting of `affinity`. */
async function askRows(affinity: 'off' | 'pin', quick: boolean): Promise<Row[]> {
  // The peers' threads start first: those started by a pinned thread would share its core.
  const post = await PostMessageEcho.start();
  const pool = startPiscina();
  await pool.run(0);
  const backendOptions = { workers: 1, affinity };
  await using runtime = await createRuntime({ backend: 'cpu', backendOptions });
  const echo = await runtime.launch(Echo);
  const ours = (value: number) => echo.call('Ask', { value });
  const theirs = (value: number) => post.ask(value);
  const pooled = (value: number) => pool.run(value);
  const [one, many] = quick ? [200, 1] : [3_000, 50];
  const medians = await interleaved(
    {
      'ask, p50': () => sequential(one, ours, 0.5),
      'ask, mean': () => sequential(one, ours, null),
      'postMessage, mean': () => sequential(one, theirs, null),
      'piscina, mean': () => sequential(one, pooled, null),
      'asks in flight': () => together(many, ours),
      'postMessage in flight': () => together(many, theirs),
      'piscina in flight': () => together(Math.ceil(many / 10), pooled),
    },
    quick ? 1 : 7,
  );
  await post.close();
  await pool.destroy();
  const rows = [
    { ...plain(medians, 'ask, p50', 'ns'), target: '<= 1000 ns', met: medians['ask, p50'] <= 1000 },
    beside(medians, 'ask, mean', 'postMessage, mean', 'ns', 1 / 20),
    beside(medians, 'ask, mean', 'piscina, mean', 'ns', 1 / 20),
    beside(medians, 'asks in flight', 'postMessage in flight', 'ns', 1 / 8),
    beside(medians, 'asks in flight', 'piscina in flight', 'ns', 1 / 35),
    plain(medians, 'postMessage, mean', 'ns'),
    plain(medians, 'piscina, mean', 'ns'),
  ];
  return rows.map((row) => ({ ...row, name: `${row.name} (affinity ${affinity})` }));
}

function canPin(): boolean {
  const { error } = spawnSync('taskset', ['-V']);
  return process.platform === 'linux' && availableParallelism() >= 2 && error === undefined;
}

export const askBench: Bench = {
  name: 'ask',
  title: 'request and reply, host to actor in a worker and back, beside postMessage and piscina',
  async run({ quick }) {
    const rows = await askRows('off', quick);
    return canPin() ? [...rows, ...(await askRows('pin', quick))] : rows;
  },
};

export const streamBench: Bench = {
  name: 'stream',
  title: 'one-way messages of 8 fields, host to actor, beside postMessage',
  async run({ quick }) {
    const backendOptions = { workers: 1 };
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions });
    const sink = await runtime.launch(Sink, { queueCapacity: 65_536 });
    const post = await PostMessageEcho.start();
    const count = quick ? 5_000 : 200_000;
    const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
    const medians = await interleaved(
      {
        'send, awaited only when full': () =>
          nsPerAsync(count, async (n) => {
            for (let i = 0; i < n; i++) {
              payload.a = i;
              if (!sink.trySend('Item', payload)) await sink.send('Item', payload);
            }
            await runtime.settled();
          }),
        postMessage: () =>
          nsPerAsync(count / 10, async (n) => {
            for (let i = 0; i < n; i++) post.item(i);
            await post.flush();
          }),
      },
      quick ? 1 : 7,
    );
    await post.close();
    return [
      beside(medians, 'send, awaited only when full', 'postMessage', 'ns', 1 / 50),
      plain(medians, 'postMessage', 'ns'),
    ];
  },
};
