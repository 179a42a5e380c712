import { InvalidOptionError } from '../errors/operation.ts';
import type { AtomicWords } from './atomic-words.ts';
import { bytesFormat, codecFormat, type MessageCodec } from './message-format.ts';
import { QueueReceiver } from './queue-receiver.ts';
import { QueueRegion, type QueueShape, type QueueShare, queueRegionBytes } from './queue-region.ts';
import { QueueSender } from './queue-sender.ts';
import type { SharedMemory } from './webassembly-atomics.ts';

export interface MessageQueueOptions {
  /** Longest message in bytes; with a codec its `size`. */
  readonly messageBytes: number;
  /** Messages in each lane, a power of two; 1,024 by default. */
  readonly capacity?: number;
  /**
   * How many senders there may be at a time. A number gives each a lane of its own, the fastest and the safest way;
   * `any` lets all share one ring, where they are not known beforehand. 1 by default.
   */
  readonly producers?: number | 'any';
  /** Four priorities, each with its lanes; the receiver takes the highest first. False by default. */
  readonly priorities?: boolean;
}

/** What `MessageQueue.statistics` returns. Figures of other threads are each right, not all of one moment. */
export interface QueueStatistics {
  /** Messages that all lanes together hold. */
  readonly capacity: number;
  /** Messages that one lane holds. */
  readonly laneCapacity: number;
  readonly enqueued: number;
  readonly dequeued: number;
  /** Messages refused for want of room, at once or after waiting. */
  readonly rejected: number;
  readonly depth: number;
  /** The largest depth of any one lane that sender, receiver or this reading ever saw. */
  readonly maxDepth: number;
  readonly closed: boolean;
}

/** Which lane a sender uses, and how it writes. */
export interface SenderOptions<I> {
  /** 0 to `producers - 1`. Opening a lane again takes it over from a sender that has ended. */
  readonly lane?: number;
  readonly codec: MessageCodec<I, unknown>;
}

/** How a receiver reads, and how long low priorities may wait. */
export interface ReceiverOptions<O> {
  readonly codec: MessageCodec<never, O>;
  /** See `ReceiverTurns`: at most this many and 2 messages pass one of a lower priority. 64 by default. */
  readonly starvationBound?: number;
}

/** A region of shared memory that holds a queue of `messageBytes` and the other options. */
export function messageQueueBytes(options: MessageQueueOptions): number {
  return queueRegionBytes(shapeOf(options));
}

function shapeOf(options: MessageQueueOptions): QueueShape {
  const { messageBytes, capacity = 1024, producers = 1, priorities = false } = options;
  if (producers === 0) {
    throw new InvalidOptionError('producers', "an integer from 1 to 1024, or 'any'", producers);
  }
  const lanes = producers === 'any' ? 0 : producers;
  return { lanes, levels: priorities ? 4 : 1, capacity, messageBytes };
}

/**
 * A bounded queue between threads in shared memory, without locks, for messages of one size: senders on one side, one
 * receiver on the other. Post `share` to another thread and `attach` there.
 */
export class MessageQueue {
  readonly #region: QueueRegion;

  private constructor(region: QueueRegion) {
    this.#region = region;
  }

  /**
   * Makes a queue in new memory, or in a part of `memory` that has `messageQueueBytes`. A shared `WebAssembly.Memory`
   * makes its atomic operations cheaper. Throws `QueueCapacityError`, `InvalidOptionError`.
   */
  static create(
    options: MessageQueueOptions,
    memory?: SharedMemory | SharedArrayBuffer,
    byteOffset = 0,
  ): MessageQueue {
    const shape = shapeOf(options);
    const place = memory ?? new SharedArrayBuffer(queueRegionBytes(shape));
    return new MessageQueue(QueueRegion.create({ memory: place, byteOffset }, shape));
  }

  /** A queue made elsewhere. Throws `LayoutMismatchError` when there is none, or one of another release. */
  static attach(share: QueueShare, atomics?: AtomicWords): MessageQueue {
    return new MessageQueue(QueueRegion.attach(share, atomics));
  }

  /** Where it lies, to be posted to another thread. */
  get share(): QueueShare {
    return this.#region.share;
  }

  /** The atomic operations that senders and receivers made here use. */
  get atomics(): AtomicWords {
    return this.#region.atomics;
  }

  /** A sender of bytes, or of what a codec writes. Throws `InvalidOptionError`, `MessageTooLargeError`. */
  sender(options?: { readonly lane?: number }): QueueSender<Uint8Array>;
  sender<I>(options: SenderOptions<I>): QueueSender<I>;
  sender<I>(options: Partial<SenderOptions<I>> = {}): QueueSender<I> | QueueSender<Uint8Array> {
    const { lane = 0, codec } = options;
    const { buffer, shape } = this.#region;
    return codec === undefined
      ? new QueueSender(this.#region, bytesFormat(buffer, shape.messageBytes), lane)
      : new QueueSender(this.#region, codecFormat(buffer, shape.messageBytes, codec), lane);
  }

  /** The receiver of bytes, or of what a codec reads. There must be no other. */
  receiver(options?: { readonly starvationBound?: number }): QueueReceiver<Uint8Array>;
  receiver<O>(options: ReceiverOptions<O>): QueueReceiver<O>;
  receiver<O>(
    options: Partial<ReceiverOptions<O>> = {},
  ): QueueReceiver<O> | QueueReceiver<Uint8Array> {
    const { starvationBound = 64, codec } = options;
    const { buffer, shape } = this.#region;
    return codec === undefined
      ? new QueueReceiver(this.#region, bytesFormat(buffer, shape.messageBytes), starvationBound)
      : new QueueReceiver(
          this.#region,
          codecFormat(buffer, shape.messageBytes, codec),
          starvationBound,
        );
  }

  /** Senders are refused from now on; the receiver takes what is left, then sees the end. */
  close(): void {
    this.#region.close();
  }

  statistics(): QueueStatistics {
    const rings = this.#region.rings.flat();
    const counts = rings.map((ring) => ring.counts());
    const sum = (count: (of: (typeof counts)[number]) => number) =>
      counts.reduce((total, of) => total + count(of), 0);
    const dequeued = sum((of) => of.dequeued);
    const depth = sum((of) => of.depth);
    const laneCapacity = this.#region.shape.capacity;
    return {
      capacity: laneCapacity * rings.length,
      laneCapacity,
      enqueued: dequeued + depth,
      dequeued,
      rejected: sum((of) => of.rejected),
      depth,
      maxDepth: Math.max(...counts.map((of) => of.maxDepth)),
      closed: counts.every((of) => of.closed),
    };
  }
}
