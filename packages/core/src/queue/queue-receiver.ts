import { InvalidOptionError, NotSupportedError } from '../errors/operation.ts';
import { BlockingWait, type WaitStrategy } from './blocking-wait.ts';
import type { MessageFormat } from './message-format.ts';
import { PendingOperations, type PendingOptions } from './pending-operations.ts';
import type { QueueRegion } from './queue-region.ts';
import { ReceiverTurns } from './receiver-turns.ts';
import { SharedReader, SingleReader, type SlotReader } from './slot-reader.ts';
import { type SlotRing, slotHeadBytes, slotWord } from './slot-ring.ts';

/** How `dequeueSync` waits for a message. */
export interface DequeueSyncOptions {
  /** `spin-then-wait` by default. */
  readonly wait?: WaitStrategy;
  /** Without it as long as it takes. */
  readonly timeoutMs?: number;
}

/** What an attempt returns when the queue is closed and empty. */
const ended = Symbol('ended');

/**
 * The receiver of a queue; a queue has one at a time. Made by `MessageQueue.receiver`. One that follows a receiver
 * that died sees again what that one had taken in its last `dequeueMany` and not yet given back.
 */
export class QueueReceiver<T> implements AsyncIterable<T> {
  readonly #region: QueueRegion;
  readonly #words: Int32Array;
  readonly #format: MessageFormat<never, T>;
  readonly #readers: readonly SlotReader[];
  readonly #turns: ReceiverTurns;
  readonly #pending: PendingOperations;
  readonly #waits: BlockingWait;

  constructor(region: QueueRegion, format: MessageFormat<never, T>, starvationBound: number) {
    this.#region = region;
    this.#words = new Int32Array(region.buffer, 0, region.buffer.byteLength >>> 2);
    this.#format = format;
    const freed = () => region.sendersBell.ring();
    const open = (ring: SlotRing) =>
      region.shape.lanes === 0 ? new SharedReader(ring, freed) : new SingleReader(ring);
    const levels = region.rings.map((rings) => rings.map(open));
    this.#readers = levels.flat();
    this.#turns = new ReceiverTurns(levels, starvationBound);
    this.#pending = new PendingOperations(region.receiverBell);
    this.#waits = new BlockingWait(region.receiverBell);
  }

  /** The next message, or undefined when there is none now, or when earlier calls of `dequeue` wait for it. */
  tryDequeue(): T | undefined {
    return this.#pending.count === 0 ? this.#take() : undefined;
  }

  /**
   * Up to so many messages; their slots are given back together. Stops before the first that the codec refuses; when
   * that is the very first one, it is taken and what the codec says is thrown.
   */
  dequeueMany(most: number): T[] {
    if (!Number.isInteger(most) || most < 1) {
      throw new InvalidOptionError('most', 'an integer of at least 1', most);
    }
    const messages: T[] = [];
    if (this.#pending.count > 0) return messages;
    try {
      while (messages.length < most) {
        const reader = this.#turns.next();
        if (reader === undefined) break;
        messages.push(this.#read(reader, messages.length > 0));
      }
    } catch (error) {
      if (messages.length === 0) throw error;
    } finally {
      for (const reader of this.#readers) reader.giveBack();
      this.#region.sendersBell.ring();
    }
    return messages;
  }

  /**
   * Blocks the thread until there is a message; undefined when the queue is closed and empty. Throws `TimeoutError`,
   * and `NotSupportedError` where threads may not block (the main thread of a browser).
   */
  dequeueSync(options: DequeueSyncOptions = {}): T | undefined {
    const { wait = 'spin-then-wait', timeoutMs } = options;
    if (this.#pending.count > 0) {
      const reason = 'earlier dequeue() calls of this receiver wait for the same thread';
      throw new NotSupportedError('dequeueSync', reason, { hint: 'await them first' });
    }
    const result = this.#waits.until(this.#attempt, wait, timeoutMs, 'dequeueSync');
    return result === ended ? undefined : (result as T);
  }

  /** Resolves with a message, or with undefined when the queue is closed and empty. Calls are served in turn. */
  async dequeue(options: PendingOptions = {}): Promise<T | undefined> {
    const result = await this.#pending.add(this.#attempt, 'dequeue', options);
    return result === ended ? undefined : (result as T);
  }

  /** All messages until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const message = await this.dequeue();
      if (message === undefined) return;
      yield message;
    }
  }

  /** Whether the queue is closed and everything in it was taken. */
  get finished(): boolean {
    return this.#readers.every((reader) => reader.finished());
  }

  /** Closes the queue: senders are refused from now on, what is in it can still be taken. */
  close(): void {
    this.#region.close();
  }

  readonly #attempt = (): T | typeof ended | undefined => {
    const message = this.#take();
    return message === undefined && this.finished ? ended : message;
  };

  #take(): T | undefined {
    const reader = this.#turns.next();
    if (reader === undefined) return undefined;
    try {
      return this.#read(reader);
    } finally {
      reader.giveBack();
      this.#region.sendersBell.ring();
    }
  }

  /**
   * Takes the message that `reader` is at. One that the codec refuses is taken too, or it would stay for good;
   * `keepRefused` leaves it to the next call.
   */
  #read(reader: SlotReader, keepRefused = false): T {
    const offset = reader.peek();
    const lengthBytes = this.#words[(offset >>> 2) + slotWord.length] as number;
    let taken = !keepRefused;
    try {
      const message = this.#format.read(offset + slotHeadBytes, lengthBytes);
      taken = true;
      return message;
    } finally {
      if (taken) {
        reader.release();
        this.#turns.took();
      }
    }
  }
}
