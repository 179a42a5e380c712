import { createRuntime } from '@ringkernel/runtime';
import { Echo, Sink } from './actors.ts';
import { type Bench, beside, plain } from './bench.ts';
import { interleaved, nsPerAsync, type Variant } from './measure.ts';
import { PostMessageEcho } from './peers.ts';

const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
const high = { priority: 'high' } as const;
/** Fits the mailbox, so that nothing is measured but the sender. */
const burst = 500;

export const sendBench: Bench = {
  name: 'send',
  title: 'what one message costs the thread that sends it, by method, in bursts of 500',
  async run({ quick }) {
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const sink = await runtime.launch(Sink);
    const echo = await runtime.launch(Echo);
    const post = await PostMessageEcho.start();
    const bursts = quick ? 5 : 100;
    /** The mean over bursts; between two of them the worker comes to rest, unmeasured. */
    const measured =
      (send: () => Promise<void>, settle: () => Promise<unknown>): Variant =>
      async () => {
        let sum = 0;
        for (let i = 0; i < bursts; i++) {
          sum += await nsPerAsync(burst, send);
          await settle();
        }
        return sum / bursts;
      };
    const ours = (send: () => Promise<void>): Variant => measured(send, () => runtime.settled());
    const batch = Array.from({ length: burst }, () => payload);
    const medians = await interleaved(
      {
        trySend: ours(async () => {
          for (let i = 0; i < burst; i++) sink.trySend('Item', payload);
        }),
        'trySend, at(i) and priority': ours(async () => {
          for (let i = 0; i < burst; i++) sink.at(0).trySend('Item', payload, high);
        }),
        'send, each awaited': ours(async () => {
          for (let i = 0; i < burst; i++) await sink.send('Item', payload);
        }),
        sendBatch: ours(async () => {
          await sink.sendBatch('Item', batch);
        }),
        'call, all replies awaited': ours(async () => {
          const calls = batch.map((_, value) => echo.call('Ask', { value }));
          await Promise.all(calls);
        }),
        postMessage: measured(
          async () => {
            for (let i = 0; i < burst; i++) post.item(i);
          },
          () => post.flush(),
        ),
      },
      quick ? 1 : 7,
    );
    await post.close();
    return [
      beside(medians, 'trySend', 'postMessage', 'ns'),
      beside(medians, 'trySend, at(i) and priority', 'trySend', 'ns'),
      beside(medians, 'send, each awaited', 'trySend', 'ns'),
      beside(medians, 'sendBatch', 'trySend', 'ns'),
      beside(medians, 'call, all replies awaited', 'trySend', 'ns'),
      plain(medians, 'postMessage', 'ns'),
    ];
  },
};
