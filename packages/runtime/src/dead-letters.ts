import type { DeadLetterReason, PriorityName } from '@ringkernel/core';
import { type EventStream, Feed } from './feed.ts';
import { checkNames, checkSignal, type ReplayOptions } from './options.ts';
import type { WaitingRoom } from './waiting.ts';

/** Events that may wait for a slow watcher before the oldest give way. */
const watchCapacity = 1_000;

/** Why a message could not be delivered or handled: the device's reasons, and those of the host's broker. */
export type UndeliveredReason = DeadLetterReason | 'delivery-timeout' | 'max-hops';

/** A message that could not be delivered or handled, as those who give up on it tell. */
export interface UndeliveredMessage {
  readonly reason: UndeliveredReason;
  /** The kernel it was for; for replies and emits the one it came from. */
  readonly kernelId: string;
  /** The instance it was for; undefined for replies and emits, and when nobody has its address. */
  readonly instance: number | undefined;
  /** Name of the message; undefined when the kernel knows no such type. */
  readonly type: string | undefined;
  readonly typeId: number;
  /** Address of the sender, 0 = the host. */
  readonly source: number;
  /** Address of the receiver, 0 = the host. */
  readonly destination: number;
  readonly priority: PriorityName;
  readonly correlation: bigint;
  /** The decoded payload; its bytes (`Uint8Array`) when the type is not known. */
  readonly payload: unknown;
  /** Size of the payload. */
  readonly bytes: number;
}

/** A message that could not be delivered or handled, kept to be looked at and sent again. */
export interface DeadLetter extends UndeliveredMessage {
  /** Counts the dead letters of a runtime, from 1. */
  readonly sequence: number;
  /** When it became one: milliseconds since the Unix epoch, never going back. */
  readonly atMs: number;
}

/** Which dead letters: all conditions given must hold. */
export interface DeadLetterFilter {
  readonly reason?: UndeliveredReason;
  readonly kernelId?: string;
  readonly type?: string;
  readonly sequence?: number;
}

/** What became of the letters that were to be sent again. */
export interface ReplayResult {
  readonly replayed: number;
  /** Those that nobody took; they are still kept. */
  readonly failed: readonly { readonly letter: DeadLetter; readonly error: unknown }[];
}

/** How much is kept, and who takes letters again. */
export interface DeadLetterParts {
  readonly capacity: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly room: WaitingRoom;
  /** Resolves when the mailbox took the message. */
  resend(letter: DeadLetter, options: ReplayOptions): Promise<unknown>;
}

const filterNames: readonly string[] = ['reason', 'kernelId', 'type', 'sequence'];

/** The last dead letters of a runtime: the newest are kept, how many gave way is counted. */
export class DeadLetters implements Iterable<DeadLetter> {
  readonly #parts: DeadLetterParts;
  /** By sequence, the oldest first. */
  readonly #letters: Map<number, DeadLetter> = new Map();
  readonly #replaying: Set<DeadLetter> = new Set();
  readonly #watches: Set<Feed<DeadLetter>> = new Set();
  readonly #evictedBy = { capacity: 0, bytes: 0, age: 0 };
  #bytes = 0;
  #total = 0;
  #replayed = 0;
  #discarded = 0;

  /** Made by the runtime. */
  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
  }

  /** How many may be kept. */
  get capacity(): number {
    return this.#parts.capacity;
  }

  /** How many are kept now. */
  get size(): number {
    this.#expire();
    return this.#letters.size;
  }

  /** Bytes of the payloads that are kept now. */
  get bytes(): number {
    this.#expire();
    return this.#bytes;
  }

  /** How many there ever were. */
  get total(): number {
    return this.#total;
  }

  /** How many were let go because there were newer ones, or they had become too old. */
  get evicted(): number {
    const { capacity, bytes, age } = this.evictedBy;
    return capacity + bytes + age;
  }

  /** The same, by the bound that let them go. */
  get evictedBy(): { readonly capacity: number; readonly bytes: number; readonly age: number } {
    this.#expire();
    return { ...this.#evictedBy };
  }

  /** How many were sent again. */
  get replayed(): number {
    return this.#replayed;
  }

  /** How many `discard` took out. */
  get discarded(): number {
    return this.#discarded;
  }

  /** The oldest first. */
  [Symbol.iterator](): IterableIterator<DeadLetter> {
    this.#expire();
    return this.#letters.values();
  }

  /** A copy, the oldest first. */
  toArray(): DeadLetter[] {
    return [...this];
  }

  /** Those that match, the oldest first. */
  find(filter: DeadLetterFilter = {}): DeadLetter[] {
    checkNames(filter, filterNames, 'filter');
    const entries = Object.entries(filter) as [keyof DeadLetterFilter, unknown][];
    const wanted = entries.filter(([, value]) => value !== undefined);
    return this.toArray().filter((letter) => wanted.every(([key, v]) => letter[key] === v));
  }

  /** Takes those that match out; how many there were. */
  discard(filter: DeadLetterFilter = {}): number {
    const found = this.find(filter);
    for (const letter of found) this.#remove(letter);
    this.#discarded += found.length;
    return found.length;
  }

  /**
   * Sends those that match to the kernel that has their id now, the oldest first; each one leaves as soon as the
   * mailbox took it. They keep their priority, their sender and a `correlation` that `send` gave them, by which the
   * answer is fetched as ever; a `call` was told already that there is none. Deadlines are over. Replies, events, and
   * what was sent to another tenant or to nobody are not sent again.
   */
  async replay(filter: DeadLetterFilter = {}, options: ReplayOptions = {}): Promise<ReplayResult> {
    checkNames(options, ['timeoutMs', 'signal'], 'options');
    const failed: { letter: DeadLetter; error: unknown }[] = [];
    let replayed = 0;
    for (const letter of this.find(filter)) {
      if (letter.instance === undefined || this.#replaying.has(letter)) continue;
      if (this.#letters.get(letter.sequence) !== letter) continue;
      this.#replaying.add(letter);
      try {
        await this.#parts.resend(letter, options);
        this.#remove(letter);
        this.#replayed++;
        replayed++;
      } catch (error) {
        failed.push({ letter, error });
      } finally {
        this.#replaying.delete(letter);
      }
    }
    return { replayed, failed };
  }

  /** Each dead letter from now on. A watcher who lets 1,000 wait misses the oldest; `dropped` counts them. */
  watch(options: { readonly signal?: AbortSignal } = {}): EventStream<DeadLetter> {
    checkNames(options, ['signal'], 'options');
    const { signal } = options;
    const feed: Feed<DeadLetter> = new Feed(this.#parts.room, {
      subject: 'watch of the dead letters',
      capacity: watchCapacity,
      onFull: 'drop-oldest',
      signal: signal === undefined ? undefined : checkSignal(signal),
      onEnd: () => void this.#watches.delete(feed),
    });
    if (!feed.ended) this.#watches.add(feed);
    return feed;
  }

  /** The runtime's own: adds one. */
  add(message: UndeliveredMessage): void {
    const atMs = performance.timeOrigin + performance.now();
    const letter: DeadLetter = { ...message, sequence: ++this.#total, atMs };
    this.#letters.set(letter.sequence, letter);
    this.#bytes += letter.bytes;
    this.#expire();
    const { capacity, maxBytes } = this.#parts;
    while (this.#letters.size > capacity) this.#evict('capacity');
    while (this.#bytes > maxBytes) this.#evict('bytes');
    for (const feed of [...this.#watches]) feed.push(letter);
  }

  /** The runtime's own: there will be no more. */
  close(): void {
    for (const feed of [...this.#watches]) feed.end();
  }

  #expire(): void {
    const { maxAgeMs } = this.#parts;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return;
    const eldestMs = performance.timeOrigin + performance.now() - maxAgeMs;
    for (const letter of this.#letters.values()) {
      if (letter.atMs >= eldestMs) return;
      this.#evict('age');
    }
  }

  /** Lets the oldest go; called only while there is one. */
  #evict(bound: keyof typeof this.evictedBy): void {
    const [oldest] = this.#letters.values();
    this.#remove(oldest as DeadLetter);
    this.#evictedBy[bound]++;
  }

  #remove(letter: DeadLetter): void {
    if (this.#letters.delete(letter.sequence)) this.#bytes -= letter.bytes;
  }
}
