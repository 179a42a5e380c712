import {
  createRecordRing,
  javascriptAtomics,
  layoutLimit,
  messageHeader,
  openAtomicWords,
  queueHeader,
  RecordConsumer,
  RecordProducer,
  recordRingBytes,
  recordRingStatistics,
  recordSlots,
  type SharedMemory,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedMemory } from './shared-memory.ts';

type Kind = 'javascript' | 'webassembly';
const ringAt = 192;

function opened(memory: SharedMemory, kind: Kind) {
  return kind === 'webassembly' ? openAtomicWords(memory) : javascriptAtomics(memory.buffer);
}

/** A ring whose indices begin at `first`, as if so many slots had passed already. */
function ringFrom(capacity: number, first: number, producer: Kind, consumer: Kind) {
  const memory = sharedMemory(ringAt + recordRingBytes(capacity));
  createRecordRing(memory.buffer, ringAt, capacity);
  const words = new Int32Array(memory.buffer);
  words[ringAt / 4 + queueHeader.tailWord] = first;
  words[ringAt / 4 + queueHeader.headWord] = first;
  return {
    memory,
    words,
    producer: new RecordProducer(memory, ringAt, opened(memory, producer)),
    consumer: new RecordConsumer(memory, ringAt, opened(memory, consumer)),
  };
}

interface Sent {
  readonly id: number;
  readonly payloadBytes: number;
}

/** What a ring should do, over plain arrays and indices that never wrap. */
interface Model {
  readonly capacity: number;
  claimed: Sent[];
  published: Sent[];
  tail: number;
  publishedTail: number;
  head: number;
  givenBack: number;
  nextId: number;
  sent: number;
  taken: number;
  fullHits: number;
}

type Ring = ReturnType<typeof ringFrom>;

function write(words: Int32Array, byteOffset: number, { id, payloadBytes }: Sent): void {
  const at = byteOffset / 4;
  words.fill(id, at, at + 16 * recordSlots(payloadBytes));
  words[at + messageHeader.payloadBytesWord] = payloadBytes;
  words[at + messageHeader.flagsWord] = 1;
}

function check(words: Int32Array, byteOffset: number, { id, payloadBytes }: Sent): void {
  const at = byteOffset / 4;
  expect(words[at + messageHeader.payloadBytesWord]).toBe(payloadBytes);
  expect(words[at + messageHeader.flagsWord]).toBe(1);
  for (let i = 0; i < 16 * recordSlots(payloadBytes); i++) {
    const special = i === messageHeader.payloadBytesWord || i === messageHeader.flagsWord;
    if (!special) expect(words[at + i]).toBe(id);
  }
}

/** Where a record would begin and end: behind a skip when it would cross the end of the ring. */
function placed(model: Model, slots: number): number {
  const left = model.capacity - (model.tail % model.capacity);
  return model.tail + slots + (slots > left ? left : 0);
}

class Claim implements fc.Command<Model, Ring> {
  readonly payloadBytes: number;
  constructor(payloadBytes: number) {
    this.payloadBytes = payloadBytes;
  }
  check(model: Readonly<Model>): boolean {
    return recordSlots(this.payloadBytes) <= model.capacity / 2;
  }
  run(model: Model, { producer, words }: Ring): void {
    const slots = recordSlots(this.payloadBytes);
    const end = placed(model, slots);
    const offset = producer.claim(slots);
    if (end - model.givenBack > model.capacity) {
      expect(offset).toBe(-1);
      model.fullHits++;
      return;
    }
    const slotsAt = ringAt + queueHeader.sizeBytes;
    const position = (end - slots) % model.capacity;
    expect(offset).toBe(slotsAt + position * layoutLimit.slotBytes);
    const record = { id: model.nextId++, payloadBytes: this.payloadBytes };
    write(words, offset, record);
    model.claimed.push(record);
    model.tail = end;
  }
  toString(): string {
    return `claim ${this.payloadBytes} B`;
  }
}

class Publish implements fc.Command<Model, Ring> {
  check(): boolean {
    return true;
  }
  run(model: Model, { producer }: Ring): void {
    expect(producer.unpublished).toBe(model.claimed.length);
    producer.publish();
    model.sent += model.claimed.length;
    model.published.push(...model.claimed);
    model.claimed = [];
    model.publishedTail = model.tail;
  }
  toString(): string {
    return 'publish';
  }
}

class Discard implements fc.Command<Model, Ring> {
  check(): boolean {
    return true;
  }
  run(model: Model, { producer }: Ring): void {
    producer.discard();
    model.claimed = [];
    model.tail = model.publishedTail;
  }
  toString(): string {
    return 'discard';
  }
}

class Take implements fc.Command<Model, Ring> {
  readonly count: number;
  constructor(count: number) {
    this.count = count;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, { consumer, words }: Ring): void {
    for (let n = 0; n < this.count; n++) {
      const offset = consumer.peek();
      const record = model.published[0];
      if (record === undefined) {
        expect(offset).toBe(-1);
        // It may know of records behind which there are none, so only now has it surely given back everything.
        consumer.giveBack();
        model.givenBack = model.head;
        return;
      }
      expect(offset).toBeGreaterThan(0);
      expect(consumer.peek()).toBe(offset);
      check(words, offset, record);
      const slots = consumer.slotsAt(offset);
      expect(slots).toBe(recordSlots(record.payloadBytes));
      consumer.release(slots);
      model.published.shift();
      model.taken++;
      const left = model.capacity - (model.head % model.capacity);
      model.head += slots + (slots > left ? left : 0);
      consumer.giveBack();
      model.givenBack = model.head;
    }
  }
  toString(): string {
    return `take ${this.count}`;
  }
}

const anyKind = fc.constantFrom<Kind>('javascript', 'webassembly');
const anyFirst = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 2 ** 32 - 200, max: 2 ** 32 - 1 }),
  fc.integer({ min: 2 ** 31 - 200, max: 2 ** 31 + 10 }),
);

describe('record ring', () => {
  it('does what an array does, for any mix of atomics and any first index', () => {
    const commands = fc.commands(
      [
        fc.integer({ min: 0, max: 600 }).map((bytes) => new Claim(bytes)),
        fc.integer({ min: 0, max: 40 }).map((bytes) => new Claim(bytes)),
        fc.constant(new Publish()),
        fc.constant(new Publish()),
        fc.constant(new Discard()),
        fc.integer({ min: 1, max: 12 }).map((count) => new Take(count)),
      ],
      { maxCommands: 300, size: 'max' },
    );
    const capacities = fc.constantFrom(4, 8, 16, 64);
    fc.assert(
      fc.property(
        capacities,
        anyFirst,
        anyKind,
        anyKind,
        commands,
        (capacity, first, p, c, all) => {
          let ring: Ring | undefined;
          let model: Model | undefined;
          fc.modelRun(() => {
            ring = ringFrom(capacity, first, p, c);
            const at = { tail: first, publishedTail: first, head: first, givenBack: first };
            const none = { claimed: [], published: [], nextId: 1, sent: 0, taken: 0, fullHits: 0 };
            model = { capacity, ...at, ...none };
            return { model, real: ring };
          }, all);
          const { sent, taken, fullHits, publishedTail, givenBack } = model as Model;
          const found = recordRingStatistics((ring as Ring).memory.buffer, ringAt);
          const depth = publishedTail - givenBack;
          expect(found).toMatchObject({
            capacity,
            enqueued: sent,
            dequeued: taken,
            fullHits,
            depth,
          });
          expect(found.maxDepth).toBeGreaterThanOrEqual(depth);
          expect(found.maxDepth).toBeLessThanOrEqual(capacity);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives slots back a quarter at a time, and all when it runs empty', () => {
    const ring = ringFrom(16, 2 ** 31 - 3, 'javascript', 'webassembly');
    const { producer, consumer } = ring;
    for (let n = 0; n < 16; n++) expect(producer.claim(1)).toBeGreaterThan(0);
    expect(producer.claim(1)).toBe(-1);
    expect(consumer.peek()).toBe(-1);
    producer.publish();
    const took = (count: number) => {
      for (let n = 0; n < count; n++) {
        consumer.peek();
        consumer.release(1);
      }
    };
    took(3);
    expect(producer.freeSlots()).toBe(0);
    took(1);
    expect(producer.freeSlots()).toBe(4);
    took(11);
    expect(producer.freeSlots()).toBe(12);
    took(1);
    expect(producer.drained).toBe(true);
    expect(recordRingStatistics(ring.memory.buffer, ringAt).maxDepth).toBe(16);
    producer.claim(1);
    producer.publish();
    took(1);
    expect(producer.drained).toBe(false);
    expect(consumer.peek()).toBe(-1);
    expect(producer.drained).toBe(true);
  });

  it('lets a record be as long as half the ring, wherever the ring stands', () => {
    for (let first = 0; first < 16; first++) {
      const { producer, consumer, words } = ringFrom(16, first, 'webassembly', 'javascript');
      for (let n = 0; n < 20; n++) {
        const record = { id: n, payloadBytes: 7 * 64 };
        const offset = producer.claim(8);
        expect(offset).toBeGreaterThan(0);
        write(words, offset, record);
        producer.publish();
        check(words, consumer.peek(), record);
        consumer.release(8);
        expect(consumer.peek()).toBe(-1);
      }
      expect(() => producer.claim(9)).toThrow(
        "Message 'record' has 576 bytes, at most 512 may travel",
      );
    }
  });

  it('counts urgent records, no earlier than the consumer can see them', () => {
    const { producer, consumer, words } = ringFrom(16, 2 ** 32 - 3, 'javascript', 'javascript');
    const sent = (urgent: boolean) => {
      write(words, producer.claim(1), { id: 7, payloadBytes: 0 });
      if (urgent) producer.markUrgent();
    };
    sent(true);
    sent(false);
    sent(true);
    expect(consumer.poll()).toBe(false);
    expect(consumer.urgentPublished).toBe(0);
    producer.publish();
    expect(consumer.poll()).toBe(true);
    expect(consumer.urgentPublished).toBe(2);
    sent(true);
    producer.discard();
    sent(true);
    producer.publish();
    for (let n = 0; n < 3; n++) consumer.release(1);
    expect(consumer.poll()).toBe(true);
    expect(consumer.urgentPublished).toBe(3);
  });

  it('goes on with a new producer and refuses the old one', () => {
    const ring = ringFrom(16, 2 ** 32 - 5, 'javascript', 'javascript');
    const { producer, consumer, words, memory } = ring;
    write(words, producer.claim(2), { id: 1, payloadBytes: 64 });
    producer.publish();
    write(words, producer.claim(3), { id: 2, payloadBytes: 128 }); // never published
    const heir = new RecordProducer(memory, ringAt);
    expect([producer.epoch, heir.epoch]).toEqual([1, 2]);
    write(words, heir.claim(1), { id: 3, payloadBytes: 0 });
    heir.publish();
    for (const call of [() => producer.publish(), () => producer.claim(1)]) {
      expect(call).toThrow(
        expect.objectContaining({ code: 'RK_PRODUCER_REPLACED', epoch: 1, currentEpoch: 2 }),
      );
    }
    check(words, consumer.peek(), { id: 1, payloadBytes: 64 });
    consumer.release(2);
    check(words, consumer.peek(), { id: 3, payloadBytes: 0 });
    consumer.release(1);
    expect(consumer.peek()).toBe(-1);
    const { enqueued, dequeued, depth, epoch } = recordRingStatistics(memory.buffer, ringAt);
    expect({ enqueued, dequeued, depth, epoch }).toEqual({
      ...{ enqueued: 2, dequeued: 2 },
      ...{ depth: 0, epoch: 2 },
    });
  });

  it('counts beyond 2^32 records', () => {
    const { producer, consumer, words, memory } = ringFrom(4, 0, 'javascript', 'javascript');
    words[ringAt / 4 + queueHeader.enqueuedLowWord] = -1;
    words[ringAt / 4 + queueHeader.dequeuedLowWord] = -1;
    write(words, producer.claim(1), { id: 1, payloadBytes: 0 });
    producer.publish();
    consumer.peek();
    consumer.release(1);
    expect(consumer.peek()).toBe(-1);
    const { enqueued, dequeued } = recordRingStatistics(memory.buffer, ringAt);
    expect([enqueued, dequeued]).toEqual([2 ** 32, 2 ** 32]);
  });
});

describe('a region', () => {
  it('is refused when its capacity, place or layout is wrong', () => {
    const buffer = new SharedArrayBuffer(4096);
    for (const capacity of [0, 2, 3, 100, 1.5, -4, 2 ** 25, Number.NaN]) {
      expect(() => createRecordRing(buffer, 0, capacity)).toThrow(
        expect.objectContaining({ code: 'RK_QUEUE_CAPACITY', found: capacity }),
      );
    }
    for (const byteOffset of [-64, 32, 1.5, 4096, 4096 - 192]) {
      expect(() => createRecordRing(buffer, byteOffset, 16)).toThrow(
        expect.objectContaining({ code: 'RK_INVALID_OPTION', option: 'byteOffset' }),
      );
    }
    expect(() => new RecordProducer(buffer, 0)).toThrow(
      expect.objectContaining({ code: 'RK_LAYOUT_MISMATCH' }),
    );
    createRecordRing(buffer, 64, 16);
    expect(new RecordConsumer(buffer, 64).capacity).toBe(16);
  });
});

describe('atomic words', () => {
  it('read and write the same memory in both kinds, above 2 GiB too', () => {
    const memory = sharedMemory(2 ** 31 + 65_536);
    const [js, wasm] = [javascriptAtomics(memory.buffer), openAtomicWords(memory)];
    expect([js.kind, wasm.kind]).toEqual(['javascript', 'webassembly']);
    const anyWord = fc.oneof(fc.nat(1000), fc.integer({ min: 2 ** 29, max: 2 ** 29 + 16_383 }));
    fc.assert(
      fc.property(anyWord, fc.integer(), fc.integer(), (word, a, b) => {
        js.store(word, a);
        expect(wasm.load(word)).toBe(a);
        wasm.store(word, b);
        expect(js.load(word)).toBe(b);
      }),
    );
  });

  it('say why they are not WebAssembly', () => {
    const buffer = new SharedArrayBuffer(64);
    const plain = openAtomicWords(buffer);
    expect(plain.kind).toBe('javascript');
    expect(plain.fallbackReason).toMatch(/SharedArrayBuffer/);
    const refused = openAtomicWords({ buffer }); // no WebAssembly.Memory: the import is refused
    expect(refused.kind).toBe('javascript');
    expect(refused.fallbackReason).toMatch(/memory/);
    refused.store(3, 9);
    expect(plain.load(3)).toBe(9);
  });
});
