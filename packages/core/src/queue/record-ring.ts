import { LayoutMismatchError } from '../errors/device.ts';
import { InvalidOptionError } from '../errors/operation.ts';
import { readCounter } from '../layout/counter.ts';
import {
  layoutHash,
  layoutLimit,
  messageFlag,
  messageHeader,
  queueHeader,
} from '../layout/generated.ts';
import { QueueCapacityError } from './errors.ts';

const { slotBytes } = layoutLimit;
const slotShift = 6;
const leastCapacity = 4;
const mostCapacity = 2 ** 24;

/** The bit of a record's word 3 that says: nothing more up to the end of the ring. */
export const skipBit: number = messageFlag.skipRecord << messageHeader.flagsShift;

/** Slots of 64 bytes that a record with a payload of so many bytes takes. */
export function recordSlots(payloadBytes: number): number {
  return 1 + ((payloadBytes + slotBytes - 1) >>> slotShift);
}

/** Bytes of a record ring with so many slots. */
export function recordRingBytes(capacity: number): number {
  return queueHeader.sizeBytes + checkedCapacity(capacity) * slotBytes;
}

function checkedCapacity(capacity: number): number {
  const whole = Number.isInteger(capacity) && (capacity & (capacity - 1)) === 0;
  if (!whole || capacity < leastCapacity || capacity > mostCapacity) {
    throw new QueueCapacityError(capacity, leastCapacity, mostCapacity);
  }
  return capacity;
}

function checkRegion(buffer: SharedArrayBuffer, byteOffset: number, sizeBytes: number): void {
  const last = buffer.byteLength - sizeBytes;
  if (!Number.isInteger(byteOffset / slotBytes) || byteOffset < 0 || byteOffset > last) {
    const wanted = `a multiple of ${slotBytes} up to ${last}, for ${sizeBytes} bytes`;
    throw new InvalidOptionError('byteOffset', wanted, byteOffset);
  }
}

/**
 * Makes an empty ring in a part of a buffer: `queueHeader`, then the slots. One thread does this once, before the
 * producer and the consumer attach. Throws `QueueCapacityError`, `InvalidOptionError`.
 */
export function createRecordRing(
  buffer: SharedArrayBuffer,
  byteOffset: number,
  capacity: number,
): void {
  checkRegion(buffer, byteOffset, recordRingBytes(capacity));
  const header = new Int32Array(buffer, byteOffset, queueHeader.sizeWords);
  header.fill(0);
  header[queueHeader.capacityWord] = capacity;
  header[queueHeader.maskWord] = capacity - 1;
  header[queueHeader.slotBytesWord] = slotBytes;
  Atomics.store(header, queueHeader.layoutHashWord, layoutHash | 0);
}

/** Capacity of the ring that lies there. Throws `LayoutMismatchError` when none does, or one of another release. */
export function attachRecordRing(buffer: SharedArrayBuffer, byteOffset: number): number {
  checkRegion(buffer, byteOffset, queueHeader.sizeBytes);
  const header = new Int32Array(buffer, byteOffset, queueHeader.sizeWords);
  const hash = Atomics.load(header, queueHeader.layoutHashWord) >>> 0;
  if (hash !== layoutHash) throw new LayoutMismatchError('a record ring', layoutHash, hash);
  const capacity = header[queueHeader.capacityWord] as number;
  checkRegion(buffer, byteOffset, recordRingBytes(capacity));
  return capacity;
}

/** What a record ring counted. Each figure is right by itself; they are not read at one moment. */
export interface RecordRingStatistics {
  readonly capacity: number;
  /** Records published. After a producer died while publishing, it may count that batch though nobody saw it. */
  readonly enqueued: number;
  /** Records released, as far as the consumer has given their slots back. */
  readonly dequeued: number;
  /** Claims that found no room. */
  readonly fullHits: number;
  /** Slots in use: published and not given back. */
  readonly depth: number;
  /** The largest depth that producer, consumer or this reading ever saw. */
  readonly maxDepth: number;
  /** Producers so far. */
  readonly epoch: number;
}

/** Reads the counters of a ring from any thread. */
export function recordRingStatistics(
  buffer: SharedArrayBuffer,
  byteOffset: number,
): RecordRingStatistics {
  const capacity = attachRecordRing(buffer, byteOffset);
  const header = new Int32Array(buffer, byteOffset, queueHeader.sizeWords);
  const head = Atomics.load(header, queueHeader.headWord);
  const depth = Math.min(capacity, (Atomics.load(header, queueHeader.tailWord) - head) | 0);
  return {
    capacity,
    enqueued: readCounter(header, queueHeader.enqueuedLowWord),
    dequeued: readCounter(header, queueHeader.dequeuedLowWord),
    fullHits: readCounter(header, queueHeader.droppedLowWord),
    depth,
    maxDepth: Math.max(
      depth,
      header[queueHeader.maxDepthWord] as number,
      header[queueHeader.mostFoundWord] as number,
    ),
    epoch: Atomics.load(header, queueHeader.epochWord) >>> 0,
  };
}
