import { MessageQueue, type MessageQueueOptions } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';

function open(capacity: number, more: Partial<MessageQueueOptions> = {}) {
  const queue = MessageQueue.create({ messageBytes: 4, capacity, ...more });
  return { queue, sender: queue.sender(), receiver: queue.receiver() };
}

const bytes = (n: number) => Uint8Array.of(n);
const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

describe('waiting without blocking', () => {
  it('serves those who wait for a message in turn', async () => {
    const { sender, receiver } = open(4);
    const waiting = [receiver.dequeue(), receiver.dequeue(), receiver.dequeue()];
    expect(receiver.tryDequeue()).toBeUndefined();
    for (let n = 0; n < 3; n++) expect(sender.tryEnqueue(bytes(n))).toBe(true);
    expect(receiver.tryDequeue()).toBeUndefined();
    expect(await Promise.all(waiting)).toEqual([bytes(0), bytes(1), bytes(2)]);
  });

  it('keeps the order of those who wait for room', async () => {
    const { sender, receiver } = open(2);
    const waiting = Array.from({ length: 9 }, (_, n) => sender.enqueue(bytes(n)));
    expect(sender.tryEnqueue(bytes(99))).toBe(false);
    expect(sender.enqueueMany([bytes(99)])).toBe(0);
    expect(() => sender.enqueueSync(bytes(99))).toThrow(code('RK_NOT_SUPPORTED'));
    for (let n = 0; n < 9; n++) expect(await receiver.dequeue()).toEqual(bytes(n));
    await Promise.all(waiting);
    expect(sender.tryEnqueue(bytes(9))).toBe(true);
  });

  it('ends a wait at its time-out, and only that one', async () => {
    const { queue, sender, receiver } = open(2);
    const [short, long] = [receiver.dequeue({ timeoutMs: 20 }), receiver.dequeue()];
    await expect(short).rejects.toThrow(
      code('RK_TIMEOUT', { operation: 'dequeue', timeoutMs: 20 }),
    );
    sender.tryEnqueue(bytes(1));
    expect(await long).toEqual(bytes(1));
    sender.enqueueMany([bytes(2), bytes(3)]);
    const full = await sender.enqueue(bytes(4), { timeoutMs: 20 }).catch((error) => error);
    expect(full).toEqual(code('RK_TIMEOUT', { cause: code('RK_QUEUE_FULL', { capacity: 2 }) }));
    expect(queue.statistics()).toMatchObject({ rejected: 1, depth: 2 });
    expect(receiver.dequeueMany(9)).toEqual([bytes(2), bytes(3)]);
  });

  it('ends a wait by its signal', async () => {
    const { sender, receiver } = open(2);
    const control = new AbortController();
    const [waiting, next] = [receiver.dequeue({ signal: control.signal }), receiver.dequeue()];
    control.abort('enough');
    await expect(waiting).rejects.toThrow(code('RK_CANCELLED', { cause: 'enough' }));
    await expect(receiver.dequeue({ signal: control.signal })).rejects.toThrow(
      code('RK_CANCELLED'),
    );
    const refused = sender.enqueue(bytes(1), { signal: control.signal });
    await expect(refused).rejects.toThrow(code('RK_CANCELLED'));
    sender.tryEnqueue(bytes(2));
    expect(await next).toEqual(bytes(2));
  });

  it('ends all waits when the queue is closed; what was sent is still delivered', async () => {
    const { queue, sender, receiver } = open(2);
    sender.enqueueMany([bytes(1), bytes(2)]);
    const waiting = [sender.enqueue(bytes(3)), sender.enqueue(bytes(4))];
    queue.close();
    for (const one of waiting) await expect(one).rejects.toThrow(code('RK_QUEUE_CLOSED'));
    const found: Uint8Array[] = [];
    for await (const message of receiver) found.push(message);
    expect(found).toEqual([bytes(1), bytes(2)]);
    expect(receiver.finished).toBe(true);
    expect(await receiver.dequeue()).toBeUndefined();

    const other = open(2);
    const ends = [other.receiver.dequeue(), other.receiver.dequeue()];
    other.receiver.close();
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
  });

  it('refuses a time-out that is none', async () => {
    const { sender, receiver } = open(2);
    const wrong = code('RK_INVALID_OPTION', { option: 'timeoutMs' });
    await expect(receiver.dequeue({ timeoutMs: -1 })).rejects.toThrow(wrong);
    await expect(sender.enqueue(bytes(1), { timeoutMs: Number.NaN })).rejects.toThrow(wrong);
    expect(receiver.tryDequeue()).toBeUndefined();
  });
});

describe('waiting by blocking', () => {
  for (const wait of ['spin', 'spin-then-wait', 'block'] as const) {
    it(`${wait}: returns what is there, times out, and sees the close`, async () => {
      const { queue, sender, receiver } = open(2, { producers: 'any' });
      sender.enqueueSync(bytes(1), { wait });
      sender.enqueueSync(bytes(2), { wait });
      const full = () => sender.enqueueSync(bytes(3), { wait, timeoutMs: 5 });
      expect(full).toThrow(code('RK_TIMEOUT', { cause: code('RK_QUEUE_FULL') }));
      expect(receiver.dequeueSync({ wait })).toEqual(bytes(1));
      queue.close();
      expect(() => sender.enqueueSync(bytes(3), { wait })).toThrow(code('RK_QUEUE_CLOSED'));
      expect(receiver.dequeueSync({ wait })).toEqual(bytes(2));
      expect(receiver.dequeueSync({ wait })).toBeUndefined();
      const empty = open(2).receiver;
      const waiting = () => empty.dequeueSync({ wait, timeoutMs: 5 });
      expect(waiting).toThrow(code('RK_TIMEOUT', { operation: 'dequeueSync' }));
      const pending = empty.dequeue({ timeoutMs: 1 });
      expect(waiting).toThrow(code('RK_NOT_SUPPORTED'));
      await expect(pending).rejects.toThrow(code('RK_TIMEOUT'));
    });
  }
});
