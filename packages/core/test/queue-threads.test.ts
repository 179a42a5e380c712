import { Worker } from 'node:worker_threads';
import {
  createRecordRing,
  MessageQueue,
  messageHeader,
  queueHeader,
  RecordConsumer,
  RecordProducer,
  recordRingBytes,
  recordRingStatistics,
  type SharedMemory,
} from '@ringkernel/core';
import { describe, expect, it } from 'vitest';
import { sharedMemory } from './shared-memory.ts';

const minutes = 60_000;

function start(workerData: object): Worker {
  return new Worker(new URL('./workers/queue.mjs', import.meta.url), { workerData });
}

/** What the worker posts at the end; rejects when it fails first. */
function outcome<R = unknown>(worker: Worker): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    worker.on('message', (message) => {
      if (typeof message === 'object') resolve(message);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without a report')));
  });
}

function said(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
}

/** Rings next to each other in one memory, their indices about to wrap. */
function ringsOf(lanes: number, capacity: number, first: number) {
  const size = recordRingBytes(capacity);
  const memory = sharedMemory(lanes * size);
  const rings = Array.from({ length: lanes }, (_, lane) => lane * size);
  const words = new Int32Array(memory.buffer);
  for (const at of rings) {
    createRecordRing(memory.buffer, at, capacity);
    words[at / 4 + queueHeader.tailWord] = first;
    words[at / 4 + queueHeader.headWord] = first;
  }
  return { memory, rings };
}

describe('record rings between threads', () => {
  const mixes = [
    ['javascript', 'javascript'],
    ['webassembly', 'webassembly'],
    ['javascript', 'webassembly'],
    ['webassembly', 'javascript'],
  ] as const;
  for (const [index, kinds] of mixes.entries()) {
    const lanes = 1 + (index % 3);
    const count = Math.floor(1_200_000 / lanes);
    it(
      `${lanes} x ${count} records, ${kinds.join(' to ')}: none lost, twice, late or torn`,
      async () => {
        const { memory, rings } = ringsOf(lanes, 256, 2 ** 32 - 5000);
        const common = { memory, rings, count, kinds };
        const consumer = outcome<{ bad: number; taken: number[] }>(
          start({ role: 'consume', ...common }),
        );
        const producers = rings.map((_, lane) =>
          outcome<{ kind: string }>(start({ role: 'produce', lane, ...common })),
        );
        for (const { kind } of await Promise.all(producers)) expect(kind).toBe(kinds[0]);
        expect(await consumer).toEqual({ bad: 0, taken: rings.map(() => count) });
        for (const at of rings) {
          const found = recordRingStatistics(memory.buffer, at);
          expect(found).toMatchObject({ enqueued: count, dequeued: count, depth: 0, epoch: 1 });
          expect(found.maxDepth).toBeLessThanOrEqual(256);
        }
      },
      4 * minutes,
    );
  }
});

/** Takes everything there is; the numbers of the records, each of which must be whole. */
function drained(memory: SharedMemory, consumer: RecordConsumer): number[] {
  const words = new Int32Array(memory.buffer);
  const numbers: number[] = [];
  for (let offset = consumer.peek(); offset >= 0; offset = consumer.peek()) {
    const at = offset / 4;
    const n = words[at] as number;
    expect(words[at + messageHeader.payloadBytesWord]).toBe(180);
    expect(words.subarray(at + 4, at + 64).every((word) => word === n)).toBe(true);
    numbers.push(n);
    consumer.release(consumer.slotsAt(offset));
  }
  return numbers;
}

describe('a producer that is killed', () => {
  it(
    'leaves whole records only, and its lane to the next one',
    async () => {
      const { memory, rings } = ringsOf(1, 64, 2 ** 32 - 40);
      const consumer = new RecordConsumer(memory, 0);
      let expected = 0;
      for (let round = 1; round <= 20; round++) {
        const worker = start({ role: 'neverDone', memory, rings });
        await said(worker);
        for (let takes = 0; takes < round * 3; takes++) {
          for (const n of drained(memory, consumer)) expect(n).toBe(expected++);
        }
        await worker.terminate();
        for (const n of drained(memory, consumer)) expect(n).toBe(expected++);
        expect(recordRingStatistics(memory.buffer, 0)).toMatchObject({ epoch: round, depth: 0 });
        expected = 0; // the next producer begins to count anew
      }
      const heir = new RecordProducer(memory, 0);
      expect(heir.epoch).toBe(21);
      for (let n = 0; n < 100; n++) {
        const at = heir.claim(4) / 4;
        new Int32Array(memory.buffer).fill(n, at, at + 64);
        new Int32Array(memory.buffer)[at + messageHeader.payloadBytesWord] = 180;
        new Int32Array(memory.buffer)[at + messageHeader.flagsWord] = 0;
        heir.publish();
        expect(drained(memory, consumer)).toEqual([n]);
      }
    },
    4 * minutes,
  );
});

describe('message queues between threads', () => {
  for (const [producers, wait] of [
    [1, 'block'],
    [2, 'spin-then-wait'],
    [3, 'block'],
    ['any', 'block'],
    ['any', 'spin-then-wait'],
  ] as const) {
    it(
      `${producers} producers, ${wait}, always full or empty: all arrive in order`,
      async () => {
        const senders = producers === 'any' ? 3 : producers;
        const count = Math.floor(240_000 / senders);
        const queue = MessageQueue.create({ messageBytes: 12, capacity: 8, producers });
        const { share } = queue;
        const receiver = start({ role: 'receive', share, senders, wait });
        const received = outcome<{ taken: number[]; bad: number }>(receiver);
        const sent = Array.from({ length: senders }, (_, sender) => {
          const lane = producers === 'any' ? undefined : sender;
          return outcome(start({ role: 'send', share, sender, lane, count, wait }));
        });
        await Promise.all(sent);
        queue.close();
        expect(await received).toEqual({ taken: new Array(senders).fill(count), bad: 0 });
        const total = senders * count;
        expect(queue.statistics()).toMatchObject({
          enqueued: total,
          dequeued: total,
          closed: true,
        });
      },
      4 * minutes,
    );
  }

  it('delivers exactly what was sent when it is closed under the senders', async () => {
    for (const producers of [2, 'any'] as const) {
      for (let round = 0; round < 10; round++) {
        const queue = MessageQueue.create({ messageBytes: 12, capacity: 64, producers });
        const { share } = queue;
        const sent = [0, 1].map((sender) => {
          const lane = producers === 'any' ? undefined : sender;
          const worker = start({ role: 'send', share, sender, lane, count: 1e9, wait: 'block' });
          return outcome<{ sent: number }>(worker);
        });
        const taken = [0, 0];
        for await (const bytes of queue.receiver()) {
          const view = new DataView(bytes.buffer);
          const sender = view.getUint32(0);
          expect(view.getUint32(4)).toBe(taken[sender]);
          taken[sender] = (taken[sender] ?? 0) + 1;
          if ((taken[0] ?? 0) + (taken[1] ?? 0) === 1000 + 137 * round) queue.close();
        }
        expect((await Promise.all(sent)).map((of) => of.sent)).toEqual(taken);
        const total = (taken[0] ?? 0) + (taken[1] ?? 0);
        expect(queue.statistics()).toMatchObject({ enqueued: total, dequeued: total, depth: 0 });
      }
    }
  }, 240_000);
});

describe('wake-ups', () => {
  const pair = () => ({
    there: MessageQueue.create({ messageBytes: 4, capacity: 2 }),
    back: MessageQueue.create({ messageBytes: 4, capacity: 2 }),
  });

  for (const wait of ['spin-then-wait', 'block'] as const) {
    it(`are not lost in 100,000 round trips, ${wait} to a thread that sleeps`, async () => {
      const { there, back } = pair();
      const common = { there: there.share, back: back.share };
      const count = 100_000;
      const echoed = outcome(start({ role: 'echo', wait: 'block', ...common }));
      expect(await outcome(start({ role: 'ask', count, wait, ...common }))).toEqual({ bad: 0 });
      there.close();
      expect(await echoed).toEqual({ echoed: count });
    }, 240_000);
  }

  it('are not lost in 20,000 round trips with a thread that waits without blocking', async () => {
    const { there, back } = pair();
    const common = { there: there.share, back: back.share, wait: 'spin-then-wait' };
    const asked = outcome(start({ role: 'ask', count: 20_000, ...common }));
    const [sender, receiver] = [back.sender(), there.receiver()];
    for (let n = 0; n < 20_000; n++) {
      const message = await receiver.dequeue({ timeoutMs: 60_000 });
      await sender.enqueue(message ?? new Uint8Array(0));
    }
    expect(await asked).toEqual({ bad: 0 });
  }, 240_000);
});
