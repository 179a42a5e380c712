import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { backend } from '@ringkernel/backend-webgpu';
import { expect, test } from 'vitest';
import {
  actor,
  ask,
  createRuntime,
  type RingKernelError,
  type Runtime,
  ref,
  u32,
} from '../../runtime/src/index.ts';

const here = (await backend.probe()).available;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Does all that leaves a record somewhere: messages of actors, events, replies, dead letters, faults. */
const Busy = actor('Busy', {
  state: { next: ref(() => Busy), seen: u32 },
  messages: {
    Connect: { next: ref(() => Busy) },
    Pass: { hops: u32 },
    Ask: ask({}, { seen: u32 }),
    Fail: {},
  },
  emits: { Passed: { hops: u32 } },
  on: {
    Connect(ctx, m) {
      ctx.state.next = m.next;
    },
    Pass(ctx, m) {
      ctx.state.seen += 1;
      ctx.emit('Passed', { hops: m.hops });
      if (m.hops > 0) ctx.send(ctx.state.next, 'Pass', { hops: m.hops - 1 });
    },
    Ask(ctx) {
      ctx.reply({ seen: ctx.state.seen });
    },
    Fail(ctx) {
      ctx.fail(1);
    },
  },
});

/** Sixty kernels come and go. */
const long = { timeout: 600_000 };

/** A kernel comes, works and goes. */
async function live(runtime: Runtime, instances: number): Promise<void> {
  const busy = await runtime.launch(Busy, { id: 'busy', instances, queueCapacity: 2048 });
  for (let i = 0; i < 3; i++) await busy.at(i).send('Connect', { next: busy.at((i + 1) % 3) });
  // The fourth sends to nobody: dead letters.
  for (let i = 0; i < 400; i++) await busy.at(i % 4).send('Pass', { hops: 1 });
  for (let i = 0; i < 700; i++) await busy.receive('Passed');
  const calls = Array.from({ length: 100 }, (_, i) =>
    busy.at(i % 4).call('Ask', {}, { timeoutMs: 60_000 }),
  );
  await Promise.all(calls);
  await busy.at(2).send('Fail', {});
  // No matcher of the test runner here: it keeps what it has seen.
  const failure = await busy
    .at(2)
    .call('Ask', {}, { timeoutMs: 60_000 })
    .then(
      () => 'none',
      ({ code }: RingKernelError) => code,
    );
  if (failure === 'none') throw new Error('an instance that has failed answered');
  await busy.terminate();
}

function heapBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test.skipIf(!here)(
  'what the host keeps grows neither with messages nor kernels',
  long,
  async () => {
    await using runtime = await createRuntime({
      backend,
      device: 'webgpu:0',
      deadLetterCapacity: 10,
    });
    let before = 0;
    for (let i = 0; i < 60; i++) {
      await live(runtime, 64 * (1 + ((i * 7) % 5)));
      if (i === 19) before = heapBytes();
    }
    // A kernel that is still known has 19 kB.
    expect(heapBytes() - before).toBeLessThan(40 * 12_000);
  },
);
