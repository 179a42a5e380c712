import { LayoutMismatchError } from '../errors/device.ts';
import { InvalidOptionError } from '../errors/operation.ts';
import { layoutHash, layoutLimit } from '../layout/generated.ts';
import type { AtomicWords } from './atomic-words.ts';
import { Bell } from './bell.ts';
import { QueueCapacityError } from './errors.ts';
import { SlotRing, slotRingBytes } from './slot-ring.ts';
import { openAtomicWords, type SharedMemory } from './webassembly-atomics.ts';

/** Head of a queue: what it is, and on lines of their own the bells of the receiver and of the senders. */
const region = {
  sizeBytes: 384,
  layoutHashWord: 0,
  lanesWord: 1,
  levelsWord: 2,
  capacityWord: 3,
  messageBytesWord: 4,
  receiverBellWord: 32,
  sendersBellWord: 64,
} as const;

const capacityLimits = [2, 2 ** 24] as const;

/** What a queue is made of. */
export interface QueueShape {
  /** One ring for each sender and level; 0: one ring for all senders. */
  readonly lanes: number;
  /** 4 with priorities, else 1. */
  readonly levels: 1 | 4;
  /** Messages in each ring. */
  readonly capacity: number;
  readonly messageBytes: number;
}

/** Where a queue lies. It can be posted to another thread. */
export interface QueueShare {
  readonly memory: SharedMemory | SharedArrayBuffer;
  readonly byteOffset: number;
}

function checkShape({ lanes, capacity, messageBytes }: QueueShape): void {
  const [least, most] = capacityLimits;
  const whole = Number.isInteger(capacity) && (capacity & (capacity - 1)) === 0;
  if (!whole || capacity < least || capacity > most) {
    throw new QueueCapacityError(capacity, least, most);
  }
  if (!Number.isInteger(lanes) || lanes < 0 || lanes > 1024) {
    throw new InvalidOptionError('producers', "an integer from 1 to 1024, or 'any'", lanes);
  }
  if (!Number.isInteger(messageBytes) || messageBytes < 1 || messageBytes > 2 ** 20) {
    throw new InvalidOptionError('messageBytes', 'an integer from 1 to 1048576', messageBytes);
  }
}

export function queueRegionBytes(shape: QueueShape): number {
  checkShape(shape);
  const rings = Math.max(1, shape.lanes) * shape.levels;
  return region.sizeBytes + rings * slotRingBytes(shape.capacity, shape.messageBytes);
}

/** A queue's memory as one thread sees it. */
export class QueueRegion {
  readonly share: QueueShare;
  readonly buffer: SharedArrayBuffer;
  readonly atomics: AtomicWords;
  readonly shape: QueueShape;
  /** By level (0 is the lowest priority), then by lane. */
  readonly rings: readonly (readonly SlotRing[])[];
  /** The receiver waits on it for messages, senders ring it. */
  readonly receiverBell: Bell;
  /** Senders wait on it for room, the receiver rings it. */
  readonly sendersBell: Bell;

  private constructor(share: QueueShare, shape: QueueShape, atomics?: AtomicWords) {
    const { memory, byteOffset } = share;
    this.share = share;
    this.shape = shape;
    this.buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
    this.atomics = atomics ?? openAtomicWords(memory);
    const { capacity, messageBytes, levels } = shape;
    const lanes = Math.max(1, shape.lanes);
    const ringBytes = slotRingBytes(capacity, messageBytes);
    const first = byteOffset + region.sizeBytes;
    const ring = (n: number) =>
      new SlotRing(this.buffer, first + n * ringBytes, capacity, messageBytes, this.atomics);
    this.rings = Array.from({ length: levels }, (_, level) =>
      Array.from({ length: lanes }, (_, lane) => ring(level * lanes + lane)),
    );
    const words = new Int32Array(this.buffer, 0, this.buffer.byteLength >>> 2);
    const header = byteOffset >>> 2;
    this.receiverBell = new Bell(words, this.atomics, header + region.receiverBellWord);
    this.sendersBell = new Bell(words, this.atomics, header + region.sendersBellWord);
  }

  /** Makes an empty queue there. Throws `QueueCapacityError`, `InvalidOptionError`. */
  static create(share: QueueShare, shape: QueueShape): QueueRegion {
    checkPlace(share, queueRegionBytes(shape));
    const made = new QueueRegion(share, shape);
    for (const level of made.rings) for (const ring of level) ring.reset();
    const header = headerAt(share);
    header.fill(0);
    header[region.lanesWord] = shape.lanes;
    header[region.levelsWord] = shape.levels;
    header[region.capacityWord] = shape.capacity;
    header[region.messageBytesWord] = shape.messageBytes;
    Atomics.store(header, region.layoutHashWord, layoutHash | 0);
    return made;
  }

  /** The queue that was made there, maybe by another thread. Throws `LayoutMismatchError` when there is none. */
  static attach(share: QueueShare, atomics?: AtomicWords): QueueRegion {
    checkPlace(share, region.sizeBytes);
    const header = headerAt(share);
    const hash = Atomics.load(header, region.layoutHashWord) >>> 0;
    if (hash !== layoutHash) throw new LayoutMismatchError('a message queue', layoutHash, hash);
    const shape: QueueShape = {
      lanes: header[region.lanesWord] as number,
      levels: header[region.levelsWord] === 4 ? 4 : 1,
      capacity: header[region.capacityWord] as number,
      messageBytes: header[region.messageBytesWord] as number,
    };
    checkPlace(share, queueRegionBytes(shape));
    return new QueueRegion(share, shape, atomics);
  }

  /** From now on nothing can be sent; whoever waits looks again. */
  close(): void {
    for (const level of this.rings) for (const ring of level) ring.close();
    this.receiverBell.wake();
    this.sendersBell.wake();
  }
}

function bufferOf({ memory }: QueueShare): SharedArrayBuffer {
  return memory instanceof SharedArrayBuffer ? memory : memory.buffer;
}

function headerAt(share: QueueShare): Int32Array<SharedArrayBuffer> {
  return new Int32Array(bufferOf(share), share.byteOffset, region.sizeBytes >>> 2);
}

function checkPlace(share: QueueShare, sizeBytes: number): void {
  const { byteOffset } = share;
  const last = bufferOf(share).byteLength - sizeBytes;
  const { slotBytes } = layoutLimit;
  if (!Number.isInteger(byteOffset / slotBytes) || byteOffset < 0 || byteOffset > last) {
    const wanted = `a multiple of ${slotBytes} up to ${last}, for ${sizeBytes} bytes`;
    throw new InvalidOptionError('byteOffset', wanted, byteOffset);
  }
}
