import {
  codecOf,
  javascriptAtomics,
  layoutOf,
  MessageQueue,
  type MessageQueueOptions,
  messageQueueBytes,
  type PriorityName,
  priorityNames,
  type QueueReceiver,
  type QueueSender,
  type QueueStatistics,
  u32,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueueRegion } from '../dist/queue/queue-region.js';
import { sharedMemory } from './shared-memory.ts';

const messageBytes = 40;
const starvationBound = 5;
/** Messages that one lane may give in a row while others wait; stated in docs/queues.md. */
const laneTurn = 16;

interface Setup {
  readonly producers: number | 'any';
  readonly priorities: boolean;
  readonly capacity: number;
  readonly first: number;
  readonly senderAtomics: 'javascript' | 'webassembly';
}

interface Real {
  readonly queue: MessageQueue;
  readonly senders: readonly QueueSender<Uint8Array>[];
  readonly receiver: QueueReceiver<Uint8Array>;
}

function open(setup: Setup): Real {
  const { producers, priorities, capacity, first, senderAtomics } = setup;
  const options = { messageBytes, producers, priorities, capacity };
  const memory = sharedMemory(messageQueueBytes(options));
  const queue = MessageQueue.create(options, memory);
  for (const level of QueueRegion.attach(queue.share).rings) {
    for (const ring of level) ring.reset(first);
  }
  const js = javascriptAtomics(memory.buffer);
  const there = senderAtomics === 'javascript' ? MessageQueue.attach(queue.share, js) : queue;
  const count = producers === 'any' ? 3 : producers;
  const senders = Array.from({ length: count }, (_, lane) =>
    there.sender(producers === 'any' ? {} : { lane }),
  );
  return { queue, senders, receiver: queue.receiver({ starvationBound }) };
}

/** Message `n` of a sender and a priority, of a length of its own. */
function message(sender: number, level: number, n: number): Uint8Array {
  const bytes = new Uint8Array(6 + ((n * 7) % (messageBytes - 5))).fill(n & 0xff, 6);
  bytes.set([sender, level, n & 0xff, n >>> 8]);
  return bytes;
}

/** Plain arrays by level and sender. */
class Model {
  readonly setup: Setup;
  readonly waiting: number[][][];
  readonly next: number[][];
  /** Messages of other priorities taken while one of this level waited. */
  readonly passed: number[] = [0, 0, 0, 0];
  /** Messages taken before and with the last one of each level. */
  readonly lastTurn: number[] = [0, 0, 0, 0];
  row = 0;
  rowOf = -1;
  closed = false;
  rejected = 0;
  taken = 0;
  deepest = 0;

  constructor(setup: Setup, senders: number) {
    this.setup = setup;
    const lists = <T>(make: () => T) =>
      Array.from({ length: 4 }, () => Array.from({ length: senders }, make));
    this.waiting = lists(() => []);
    this.next = lists(() => 0);
  }

  room(level: number, sender: number): number {
    const lists = this.waiting[level] ?? [];
    const used =
      this.setup.producers === 'any'
        ? lists.reduce((sum, list) => sum + list.length, 0)
        : (lists[sender]?.length ?? 0);
    this.deepest = Math.max(this.deepest, used);
    return this.setup.capacity - used;
  }

  add(level: number, sender: number): void {
    this.waiting[level]?.[sender]?.push(this.next[level]?.[sender] ?? -1);
    (this.next[level] as number[])[sender] = (this.next[level]?.[sender] ?? 0) + 1;
    this.room(level, sender);
  }

  get count(): number {
    return this.waiting.flat(2).length;
  }

  /** Checks that the message taken may come next, and takes it. */
  take(bytes: Uint8Array): void {
    const [sender = -1, level = -1, low = 0, high = 0] = bytes;
    const n = low + 256 * high;
    const list = this.waiting[level]?.[sender] ?? [];
    expect(list[0]).toBe(n);
    expect(bytes).toEqual(message(sender, level, n));
    this.turns(sender, level);
    list.shift();
    this.taken++;
  }

  turns(sender: number, level: number): void {
    const waits = (l: number) => this.waiting[l]?.some((list) => list.length > 0) ?? false;
    for (let l = 0; l < 4; l++) {
      if (!waits(l)) continue;
      if (l === level) {
        this.passed[l] = 0;
        continue;
      }
      // A lower level comes before a higher one only after `starvationBound` others since its last turn.
      const since = this.taken - (this.lastTurn[level] ?? 0);
      if (l > level) expect(since).toBeGreaterThanOrEqual(starvationBound);
      this.passed[l] = (this.passed[l] ?? 0) + 1;
      if (l < level) expect(this.passed[l]).toBeLessThanOrEqual(starvationBound + 2);
    }
    for (let l = 0; l < 4; l++) if (!waits(l)) this.passed[l] = 0;
    this.lastTurn[level] = this.taken + 1;
    const who = level * 100 + sender;
    const others = this.waiting[level]?.some((list, s) => s !== sender && list.length > 0);
    this.row = this.rowOf === who && others ? this.row + 1 : 1;
    this.rowOf = who;
    if (this.setup.producers !== 'any') expect(this.row).toBeLessThanOrEqual(laneTurn);
  }
}

type Step = fc.Command<Model, Real>;

function priorityOf(model: Model, level: number): PriorityName | undefined {
  return model.setup.priorities ? priorityNames[level] : undefined;
}

class Enqueue implements Step {
  readonly sender: number;
  readonly level: number;
  readonly count: number;
  constructor(sender: number, level: number, count: number) {
    this.sender = sender;
    this.level = level;
    this.count = count;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, { senders }: Real): void {
    const which = this.sender % senders.length;
    const sender = senders[which] as QueueSender<Uint8Array>;
    const level = model.setup.priorities ? this.level : 0;
    const priority = priorityOf(model, level);
    const first = model.next[level]?.[which] ?? 0;
    const messages = Array.from({ length: Math.max(1, this.count) }, (_, i) =>
      message(which, level, first + i),
    );
    const send = () =>
      this.count === 0
        ? Number(sender.tryEnqueue(messages[0] as Uint8Array, priority))
        : sender.enqueueMany(messages, priority);
    if (model.closed) {
      expect(send).toThrow(expect.objectContaining({ code: 'RK_QUEUE_CLOSED' }));
      return;
    }
    const fits = Math.min(messages.length, model.room(level, which));
    expect(send()).toBe(fits);
    model.rejected += messages.length - fits;
    for (let i = 0; i < fits; i++) model.add(level, which);
  }
  toString(): string {
    return `enqueue(${this.sender}, ${this.level}, ${this.count})`;
  }
}

class Dequeue implements Step {
  readonly count: number;
  constructor(count: number) {
    this.count = count;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, { receiver }: Real): void {
    expect(receiver.finished).toBe(model.closed && model.count === 0);
    const wanted = Math.min(model.count, Math.max(1, this.count));
    const one = this.count === 0 ? receiver.tryDequeue() : undefined;
    const found = this.count === 0 ? (one ? [one] : []) : receiver.dequeueMany(this.count);
    expect(found).toHaveLength(wanted);
    for (const bytes of found) model.take(bytes);
  }
  toString(): string {
    return `dequeue(${this.count})`;
  }
}

class Refused implements Step {
  check(): boolean {
    return true;
  }
  run(model: Model, { senders }: Real): void {
    const large = new Uint8Array(messageBytes + 1);
    const priority = priorityOf(model, 1);
    for (const send of [
      () => senders[0]?.tryEnqueue(large, priority),
      () => senders[0]?.enqueueMany([large], priority),
    ]) {
      expect(send).toThrow(expect.objectContaining({ code: 'RK_MESSAGE_TOO_LARGE' }));
    }
  }
  toString(): string {
    return 'refused';
  }
}

class Close implements Step {
  check(model: Readonly<Model>): boolean {
    return model.taken > 60;
  }
  run(model: Model, { queue }: Real): void {
    queue.close();
    model.closed = true;
  }
  toString(): string {
    return 'close';
  }
}

const steps = fc.commands(
  [
    fc
      .tuple(fc.nat(2), fc.nat(3), fc.constantFrom(0, 0, 1, 3, 7, 40))
      .map(([sender, level, count]) => new Enqueue(sender, level, count)),
    fc
      .tuple(fc.nat(2), fc.nat(3), fc.constantFrom(0, 5))
      .map(([sender, level, count]) => new Enqueue(sender, level, count)),
    fc.constantFrom(0, 0, 1, 2, 5, 30).map((count) => new Dequeue(count)),
    fc.constant(new Refused()),
    fc.constant(new Close()),
  ],
  { maxCommands: 200, size: 'max' },
);

const setups = fc.record<Setup>({
  producers: fc.constantFrom<number | 'any'>(1, 3, 'any'),
  priorities: fc.boolean(),
  capacity: fc.constantFrom(2, 4, 32),
  first: fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31 - 9, 2 ** 31 - 70),
  senderAtomics: fc.constantFrom('javascript', 'webassembly'),
});

describe('message queue', () => {
  it('does what arrays do: single, lanes, shared, with and without priorities', () => {
    fc.assert(
      fc.property(setups, steps, (setup, all) => {
        const real = open(setup);
        const model = new Model(setup, real.senders.length);
        fc.modelRun(() => ({ model, real }), all);
        const { closed, rejected, taken, count, deepest } = model;
        const found = real.queue.statistics();
        expect(found).toMatchObject({
          ...{ closed, rejected, dequeued: taken, depth: count, enqueued: taken + count },
          laneCapacity: setup.capacity,
        });
        expect(found.maxDepth).toBeLessThanOrEqual(deepest);
        if (taken + count > 0) expect(found.maxDepth).toBeGreaterThan(0);
        for (let left = count; left > 0; left--) model.take(real.receiver.tryDequeue() ?? none);
        expect(real.receiver.tryDequeue()).toBeUndefined();
        expect(real.queue.statistics()).toMatchObject({ depth: 0, dequeued: taken + count });
      }),
      { numRuns: 500 },
    );
  });

  it('takes the highest priority first, and after the bound one that waits', () => {
    const queue = MessageQueue.create({ messageBytes: 4, priorities: true, capacity: 64 });
    const [sender, receiver] = [queue.sender(), queue.receiver({ starvationBound: 3 })];
    const send = (name: PriorityName, count: number) => {
      const bytes = Uint8Array.of(priorityNames.indexOf(name));
      expect(sender.enqueueMany(new Array(count).fill(bytes), name)).toBe(count);
    };
    send('low', 2);
    send('normal', 3);
    send('critical', 10);
    send('high', 2);
    const order = receiver.dequeueMany(17).map(([level]) => 'lnhc'[level ?? 0]);
    expect(order.join('')).toBe('ccclnhclnhccncccc');
  });

  it('keeps a message that its codec refuses away from the receiver', () => {
    for (const producers of [1, 'any'] as const) {
      const codec = codecOf(layoutOf({ a: u32 }));
      const queue = MessageQueue.create({ messageBytes: codec.size, capacity: 8, producers });
      const [sender, receiver] = [queue.sender({ codec }), queue.receiver({ codec })];
      expect(sender.tryEnqueue({ a: 1 })).toBe(true);
      const bad = { a: -1 };
      expect(() => sender.tryEnqueue(bad)).toThrow(
        expect.objectContaining({ code: 'RK_SCHEMA_VALUE' }),
      );
      expect(() => sender.enqueueMany([bad])).toThrow(
        expect.objectContaining({ code: 'RK_SCHEMA_VALUE' }),
      );
      expect(sender.enqueueMany([{ a: 2 }, bad, { a: 3 }])).toBe(1);
      expect(receiver.dequeueMany(9)).toEqual([{ a: 1 }, { a: 2 }]);
      expect(queue.statistics()).toMatchObject({ enqueued: 2, dequeued: 2, rejected: 0, depth: 0 });
      for (let n = 0; n < 20; n++) {
        expect(sender.tryEnqueue({ a: n })).toBe(true);
        expect(receiver.tryDequeue()).toEqual({ a: n });
      }
    }
  });

  it('lets a new sender take a lane over', () => {
    const queue = MessageQueue.create({ messageBytes: 4, producers: 2, capacity: 4 });
    const [old, receiver] = [queue.sender({ lane: 1 }), queue.receiver()];
    old.tryEnqueue(Uint8Array.of(1));
    const heir = queue.sender({ lane: 1 });
    expect(heir.tryEnqueue(Uint8Array.of(2))).toBe(true);
    expect(() => old.tryEnqueue(Uint8Array.of(3))).toThrow(
      expect.objectContaining({ code: 'RK_PRODUCER_REPLACED' }),
    );
    expect(receiver.dequeueMany(9)).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it('goes on with a new receiver', () => {
    for (const producers of [1, 'any'] as const) {
      const queue = MessageQueue.create({ messageBytes: 4, capacity: 4, producers });
      const sender = queue.sender();
      for (let n = 0; n < 11; n++) {
        expect(sender.tryEnqueue(Uint8Array.of(n))).toBe(true);
        expect(queue.receiver().tryDequeue()).toEqual(Uint8Array.of(n));
      }
    }
  });

  it('counts refusals and the largest depth', () => {
    const queue = MessageQueue.create({ messageBytes: 4, capacity: 8 });
    const [sender, receiver] = [queue.sender(), queue.receiver()];
    const five = new Array(5).fill(Uint8Array.of(1));
    expect(sender.enqueueMany(five)).toBe(5);
    expect(queue.statistics()).toMatchObject({ enqueued: 5, depth: 5, maxDepth: 5 });
    expect(receiver.dequeueMany(5)).toHaveLength(5);
    expect(queue.statistics()).toMatchObject({ enqueued: 5, depth: 0, maxDepth: 5 });
    expect(sender.enqueueMany([...five, ...five])).toBe(8);
    expect(sender.tryEnqueue(Uint8Array.of(1))).toBe(false);
    const expected: Partial<QueueStatistics> = { enqueued: 13, rejected: 3, maxDepth: 8 };
    expect(queue.statistics()).toMatchObject(expected);
  });

  it('refuses wrong options by name', () => {
    const refused = (options: MessageQueueOptions, code: string, more: object = {}) =>
      expect(() => MessageQueue.create(options)).toThrow(
        expect.objectContaining({ code, ...more }),
      );
    for (const capacity of [0, 1, 3, 1000, 2 ** 25]) {
      refused({ messageBytes: 4, capacity }, 'RK_QUEUE_CAPACITY', { found: capacity });
    }
    refused({ messageBytes: 0 }, 'RK_INVALID_OPTION', { option: 'messageBytes' });
    refused({ messageBytes: 4, producers: 0 }, 'RK_INVALID_OPTION', { option: 'producers' });
    refused({ messageBytes: 4, producers: 1.5 }, 'RK_INVALID_OPTION', { option: 'producers' });
    const queue = MessageQueue.create({ messageBytes: 2, producers: 2 });
    const option = (name: string) => expect.objectContaining({ option: name });
    expect(() => queue.sender({ lane: 2 })).toThrow(option('lane'));
    expect(() => queue.receiver({ starvationBound: 0 })).toThrow(option('starvationBound'));
    expect(() => queue.sender().tryEnqueue(new Uint8Array(1), 'high')).toThrow(option('priority'));
    expect(() => queue.receiver().dequeueMany(0)).toThrow(option('most'));
    expect(() => queue.sender({ codec: codecOf(layoutOf({ a: u32 })) })).toThrow(
      expect.objectContaining({ code: 'RK_MESSAGE_TOO_LARGE', bytes: 4, maxBytes: 2 }),
    );
    const memory = new SharedArrayBuffer(4096);
    expect(() => MessageQueue.attach({ memory, byteOffset: 0 })).toThrow(
      expect.objectContaining({ code: 'RK_LAYOUT_MISMATCH' }),
    );
    expect(() => MessageQueue.create({ messageBytes: 4 }, memory)).toThrow(option('byteOffset'));
  });
});

const none = new Uint8Array(0);
