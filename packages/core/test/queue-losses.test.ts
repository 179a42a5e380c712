import { codecOf, javascriptAtomics, layoutOf, MessageQueue, u32 } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';
import { Bell } from '../dist/queue/bell.js';
import { BlockingWait } from '../dist/queue/blocking-wait.js';
import { QueueRegion } from '../dist/queue/queue-region.js';
import { slotHeadBytes, slotWord } from '../dist/queue/slot-ring.js';
import { SharedWriter, SingleWriter } from '../dist/queue/slot-writer.js';

const codec = codecOf(layoutOf({ a: u32 }));
const refused = expect.objectContaining({ code: 'RK_SCHEMA_VALUE' });

describe('messages that a codec refuses in a shared ring', () => {
  const full = () => {
    const queue = MessageQueue.create({ messageBytes: 4, capacity: 2, producers: 'any' });
    const [sender, receiver] = [queue.sender({ codec }), queue.receiver({ codec })];
    const fail = () => expect(() => sender.tryEnqueue({ a: -1 })).toThrow(refused);
    return { queue, sender, receiver, fail };
  };

  it('wake the receiver, which alone can free their slots', async () => {
    const { sender, receiver, fail } = full();
    const next = receiver.dequeue({ timeoutMs: 10_000 });
    fail();
    fail();
    await sender.enqueue({ a: 1 }, { timeoutMs: 10_000 });
    expect(await next).toEqual({ a: 1 });
  });

  it('wake those who wait for room when the receiver passes over them', async () => {
    const { queue, sender, receiver, fail } = full();
    fail();
    fail();
    const sent = sender.enqueue({ a: 1 }, { timeoutMs: 10_000 });
    expect(receiver.tryDequeue()).toBeUndefined();
    expect(queue.statistics()).toMatchObject({ depth: 0, enqueued: 0 });
    await sent;
    expect(receiver.tryDequeue()).toEqual({ a: 1 });
  });
});

describe('a message that a codec refuses to read', () => {
  const picky = {
    ...codec,
    decode: (view: DataView, at: number) => {
      const value = codec.decode(view, at);
      if (value.a === 3) throw new Error('three');
      return value;
    },
  };

  it('is taken alone: those before it and behind it are not lost with it', () => {
    for (const producers of [1, 'any'] as const) {
      const queue = MessageQueue.create({ messageBytes: 4, capacity: 8, producers });
      const [sender, receiver] = [queue.sender({ codec }), queue.receiver({ codec: picky })];
      expect(sender.enqueueMany([1, 2, 3, 4].map((a) => ({ a })))).toBe(4);
      expect(receiver.dequeueMany(9)).toEqual([{ a: 1 }, { a: 2 }]);
      expect(queue.statistics()).toMatchObject({ dequeued: 2, depth: 2 });
      expect(() => receiver.dequeueMany(9)).toThrow('three');
      expect(receiver.dequeueMany(9)).toEqual([{ a: 4 }]);
      expect(queue.statistics()).toMatchObject({ dequeued: 4, depth: 0 });
    }
  });
});

describe('a sender that ends between publishing and ringing', () => {
  const leave = (queue: MessageQueue) => {
    const region = QueueRegion.attach(queue.share);
    const ring = region.rings[0]?.[0];
    if (ring === undefined) throw new Error('no ring');
    const writer = region.shape.lanes === 0 ? new SharedWriter(ring) : new SingleWriter(ring);
    const at = writer.claim();
    ring.words[at / 4 + slotWord.length] = 1;
    new Uint8Array(region.buffer)[at + slotHeadBytes] = 7;
    expect(writer.publish()).toBe(true);
  };

  it('delays its message, but does not lose it', async () => {
    for (const producers of [1, 'any'] as const) {
      const queue = MessageQueue.create({ messageBytes: 4, capacity: 8, producers });
      const receiver = queue.receiver();
      const waiting = receiver.dequeue({ timeoutMs: 60_000 });
      leave(queue);
      expect(await waiting).toEqual(Uint8Array.of(7));
    }
  }, 130_000);

  it('delays it for a thread that blocks, too', () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    const bell = new Bell(words, javascriptAtomics(words.buffer), 0);
    let looks = 0; // one before sleeping, two around each sleep that nobody ends
    const attempt = () => (++looks === 4 ? 'found' : undefined);
    expect(new BlockingWait(bell).until(attempt, 'block', 20_000, 'test')).toBe('found');
  }, 60_000);
});
