import {
  CancelledError,
  InvalidOptionError,
  NotSupportedError,
  TimeoutError,
} from '../errors/operation.ts';
import type { PriorityName } from '../kernel/options.ts';
import { priorityToCode } from '../message/priority.ts';
import { BlockingWait, type WaitStrategy } from './blocking-wait.ts';
import { MessageQueueFullError, QueueClosedError } from './errors.ts';
import type { MessageFormat } from './message-format.ts';
import { PendingOperations, type PendingOptions } from './pending-operations.ts';
import type { QueueRegion } from './queue-region.ts';
import { slotHeadBytes, slotWord } from './slot-ring.ts';
import { SharedWriter, SingleWriter, type SlotWriter } from './slot-writer.ts';

/** How `enqueueSync` waits for room. */
export interface EnqueueSyncOptions {
  /** `spin-then-wait` by default. */
  readonly wait?: WaitStrategy;
  /** Without it as long as it takes. */
  readonly timeoutMs?: number;
  /** Only in a queue with priorities; `normal` by default. */
  readonly priority?: PriorityName;
}

/** How `enqueue` waits for room. */
export interface EnqueueOptions extends PendingOptions {
  /** Only in a queue with priorities; `normal` by default. */
  readonly priority?: PriorityName;
}

/**
 * One sender of a queue. Its messages of one priority arrive in the order sent. A method that fails leaves the message
 * with the caller: it is delivered if and only if the call succeeds. Made by `MessageQueue.sender`.
 */
export class QueueSender<T> {
  readonly #region: QueueRegion;
  readonly #format: MessageFormat<T, unknown>;
  readonly #shared: boolean;
  readonly #writers: readonly SlotWriter[];
  readonly #pending: readonly PendingOperations[];
  readonly #waits: BlockingWait;

  constructor(region: QueueRegion, format: MessageFormat<T, unknown>, lane: number) {
    const { lanes } = region.shape;
    this.#region = region;
    this.#format = format;
    this.#shared = lanes === 0;
    this.#writers = region.rings.map((rings) => {
      const ring = rings[lane];
      if (ring === undefined) {
        const wanted = lanes > 1 ? `an integer from 0 to ${lanes - 1}` : '0';
        throw new InvalidOptionError('lane', wanted, lane);
      }
      return this.#shared ? new SharedWriter(ring) : new SingleWriter(ring);
    });
    this.#pending = this.#writers.map(() => new PendingOperations(region.sendersBell));
    this.#waits = new BlockingWait(region.sendersBell);
  }

  /**
   * Sends without waiting. False when there is no room, or when earlier messages of this sender still wait for some.
   * Throws `QueueClosedError`, `MessageTooLargeError`, `ProducerReplacedError` and what the codec throws.
   */
  tryEnqueue(message: T, priority?: PriorityName): boolean {
    const level = this.#level(priority);
    if (this.#offer(message, level)) return true;
    this.#countRejected(level, 1);
    return false;
  }

  /**
   * Sends as many as there is room for, in order; from a sender with its own lane they become visible at once. Returns
   * how many. Stops before the first that can't be sent; when that is the very first one, it throws as `tryEnqueue`.
   */
  enqueueMany(messages: readonly T[], priority?: PriorityName): number {
    const level = this.#level(priority);
    if (messages.length === 0) return 0;
    return this.#shared ? this.#oneByOne(messages, level) : this.#atOnce(messages, level);
  }

  /**
   * Blocks the thread until there is room. Throws as `tryEnqueue` does, `TimeoutError` with a full queue as its
   * `cause`, and `NotSupportedError` where threads may not block (the main thread of a browser).
   */
  enqueueSync(message: T, options: EnqueueSyncOptions = {}): void {
    const { wait = 'spin-then-wait', timeoutMs, priority } = options;
    const level = this.#level(priority);
    if ((this.#pending[level] as PendingOperations).count > 0) {
      const reason = 'earlier enqueue() calls of this sender wait for the same thread';
      throw new NotSupportedError('enqueueSync', reason, { hint: 'await them first' });
    }
    const attempt = () => (this.#offer(message, level) ? true : undefined);
    try {
      this.#waits.until(attempt, wait, timeoutMs, 'enqueueSync');
    } catch (error) {
      throw this.#refused(error, level);
    }
  }

  /** Resolves when the message is in the queue; rejects as `enqueueSync` throws, and with `CancelledError`. */
  async enqueue(message: T, options: EnqueueOptions = {}): Promise<void> {
    const level = this.#level(options.priority);
    this.#format.check(message);
    const attempt = () => (this.#write(message, level) ? true : undefined);
    try {
      await (this.#pending[level] as PendingOperations).add(attempt, 'enqueue', options);
    } catch (error) {
      throw this.#refused(error, level);
    }
  }

  /** Closes the queue for all senders. The receiver still gets what was sent. */
  close(): void {
    this.#region.close();
  }

  #level(priority: PriorityName | undefined): number {
    if (this.#region.shape.levels === 4) return priorityToCode(priority ?? 'normal');
    if (priority === undefined) return 0;
    throw new InvalidOptionError('priority', 'absent: the queue has no priorities', priority);
  }

  #offer(message: T, level: number): boolean {
    return (this.#pending[level] as PendingOperations).count === 0 && this.#write(message, level);
  }

  /** Writes and shows one message; false when there is no room. */
  #write(message: T, level: number): boolean {
    const writer = this.#writers[level] as SlotWriter;
    if (!this.#stage(writer, message)) return false;
    this.#show(writer);
    return true;
  }

  /** Claims a slot and writes the message there; false when there is no room. */
  #stage(writer: SlotWriter, message: T): boolean {
    this.#format.check(message);
    const offset = writer.claim();
    if (offset < 0) {
      if (writer.ring.closed) throw new QueueClosedError();
      return false;
    }
    try {
      const length = this.#format.write(message, offset + slotHeadBytes);
      writer.ring.words[(offset >>> 2) + slotWord.length] = length;
    } catch (error) {
      writer.withdraw();
      this.#region.receiverBell.ring(); // Of a shared ring only the receiver can free the slot.
      throw error;
    }
    return true;
  }

  #show(writer: SlotWriter): void {
    if (!writer.publish()) throw new QueueClosedError();
    this.#region.receiverBell.ring();
  }

  #oneByOne(messages: readonly T[], level: number): number {
    for (let sent = 0; sent < messages.length; sent++) {
      try {
        if (this.#offer(messages[sent] as T, level)) continue;
        this.#countRejected(level, messages.length - sent);
      } catch (error) {
        if (sent === 0) throw error;
      }
      return sent;
    }
    return messages.length;
  }

  #atOnce(messages: readonly T[], level: number): number {
    const writer = this.#writers[level] as SlotWriter;
    let count = 0;
    try {
      const free = (this.#pending[level] as PendingOperations).count === 0;
      while (free && count < messages.length && this.#stage(writer, messages[count] as T)) count++;
      this.#countRejected(level, messages.length - count);
    } catch (error) {
      if (count === 0) throw error;
    }
    if (count > 0) this.#show(writer);
    return count;
  }

  #countRejected(level: number, messages: number): void {
    if (messages > 0) (this.#writers[level] as SlotWriter).ring.countRejected(messages);
  }

  /** A wait that ended without room is a refusal, and a time-out says that the queue was full. */
  #refused(error: unknown, level: number): unknown {
    if (error instanceof CancelledError) this.#countRejected(level, 1);
    if (!(error instanceof TimeoutError)) return error;
    this.#countRejected(level, 1);
    const cause = new MessageQueueFullError(this.#region.shape.capacity);
    return new TimeoutError(error.operation, error.timeoutMs, { cause });
  }
}
