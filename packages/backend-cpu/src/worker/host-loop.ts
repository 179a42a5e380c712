import {
  type Codec,
  codecOf,
  longestTimerMs,
  type MessageDescriptor,
  messageHeader,
  UnknownMessageError,
} from '@ringkernel/core';
import type { HostKernelStart } from '../control/messages.ts';
import { priorityAt } from '../queue/record.ts';
import type { Handling } from './handling.ts';
import type { WorkerKernel } from './kernel.ts';

const priorityNames = ['low', 'normal', 'high', 'critical'] as const;
type Priority = (typeof priorityNames)[number];
type Fields = Readonly<Record<string, unknown>>;

/** A message as the loop gets it. */
interface Received {
  readonly type: string;
  readonly from: number;
  readonly hlc: bigint;
  readonly id: bigint;
  readonly correlation: bigint;
  readonly priority: Priority;
}

/** The function that a host-only actor runs: see `HostContext` of core for what it gets. */
export type Loop = (ctx: HostLoop) => Promise<void>;

/** What the loops of a worker need of their thread. */
export interface LoopThread {
  /** Calls the function so that what goes wrong in it later, anywhere, is known to come from this loop. */
  within(loop: HostLoop, call: () => Promise<void>): Promise<void>;
  readonly handling: Handling;
  /** Something was written outside of a turn: take one soon. */
  stir(): void;
  /** A loop has returned or thrown. */
  ended(loop: HostLoop): void;
}

interface Waiter {
  wake(): void;
}

/**
 * One instance of a host-only kernel: its loop and the context the loop works with. Messages go through its mailbox;
 * one counts as handled when the loop takes it.
 */
export class HostLoop {
  readonly kernelId: string;
  readonly index: number;
  readonly kernel: WorkerKernel;
  /** Whether the loop runs, and whether it ever did: it is started once. */
  live = false;
  begun = false;
  /** It has failed, or another one has taken its place: what is left of it can do nothing more. */
  #over = false;
  readonly #start: HostKernelStart;
  readonly #thread: LoopThread;
  readonly #waiters: Set<Waiter> = new Set();
  /** The header of each message taken, for its reply. */
  readonly #headers: WeakMap<object, Int32Array> = new WeakMap();
  #last: Int32Array = new Int32Array(16);

  constructor(kernel: WorkerKernel, index: number, start: HostKernelStart, thread: LoopThread) {
    this.kernelId = kernel.name;
    this.index = index;
    this.kernel = kernel;
    this.#start = start;
    this.#thread = thread;
  }

  get shouldTerminate(): boolean {
    return this.kernel.closing;
  }

  get isActive(): boolean {
    return !this.kernel.paused;
  }

  async waitActive(): Promise<void> {
    while (!this.isActive && !this.shouldTerminate) await this.#change(undefined);
  }

  async receive({
    timeoutMs,
  }: {
    readonly timeoutMs?: number;
  } = {}): Promise<Received | undefined> {
    const until = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    for (;;) {
      this.#check();
      const message = this.tryReceive();
      if (message !== undefined) return message;
      if (this.shouldTerminate && (this.kernel.buried || this.isActive)) return undefined;
      if (until !== undefined && performance.now() >= until) return undefined;
      await this.#change(until);
    }
  }

  tryReceive(): Received | undefined {
    this.#check();
    if (!this.isActive) return undefined;
    const mailbox = this.kernel.mailbox(this.index);
    for (let record = mailbox.next(); record !== null; record = mailbox.next()) {
      const message = this.#known(record);
      if (!this.#thread.handling.takeCopy(this.kernel, record, message !== undefined)) continue;
      this.#thread.stir();
      this.#last = record;
      return this.#decode(record, message as MessageDescriptor);
    }
    return undefined;
  }

  reply(message: object, payload: Fields): void {
    this.#check();
    const record = this.#headers.get(message);
    if (record === undefined) throw new TypeError('reply: wanted a message that was received');
    const { name, reply } = this.#known(record) as MessageDescriptor;
    if (reply === undefined) throw new TypeError(`reply: message ${name} is not an ask`);
    const bytes = encoded(codecOf(reply.layout, name), payload);
    const { outbox } = this.#thread.handling;
    this.#put(outbox.answer(this.kernel, this.index, record, 0, reply.id, bytes.length), bytes);
  }

  emit(type: string, payload: Fields): void {
    this.#check();
    const { id, layout } = this.#find(this.#start.emits, type);
    const bytes = encoded(codecOf(layout, type), payload);
    const { outbox } = this.#thread.handling;
    this.#put(outbox.emit(this.kernel, this.index, id, bytes.length), bytes);
  }

  send(
    to: number,
    type: string,
    payload: Fields,
    { priority = 'normal' }: { readonly priority?: Priority } = {},
  ): void {
    this.#check();
    const { id, layout } = this.#find(this.#start.messages, type);
    const bytes = encoded(codecOf(layout, type), payload);
    const { outbox } = this.#thread.handling;
    const code = priorityNames.indexOf(priority);
    if (code < 0) throw new TypeError(`priority: wanted ${priorityNames}, found ${priority}`);
    this.#put(outbox.send(this.kernel, this.index, to, id, bytes.length, code), bytes);
  }

  /** Starts the loop, once. */
  begin(loop: Loop): void {
    if (this.begun) return;
    this.begun = true;
    this.live = true;
    // The loop begins in a later turn: what it throws at once is a fault like any other.
    const run = (): Promise<void> => Promise.resolve().then(() => loop(this));
    this.#thread.within(this, run).then(
      () => this.#end(),
      (error: unknown) => this.crash(error),
    );
  }

  /** The loop has thrown, or something that it began: the instance has failed. False when it had ended before. */
  crash(error: unknown): boolean {
    if (!this.live) return false;
    this.#over = true;
    this.#last[13] = this.kernel.base + this.index;
    this.#thread.handling.failLoop(this.kernel, this.index, this.#last, error);
    this.#end();
    return true;
  }

  /** Another loop that has not begun, for the same instance. What is left of this one can do nothing more. */
  successor(): HostLoop {
    this.#over = true;
    this.#end();
    return new HostLoop(this.kernel, this.index, this.#start, this.#thread);
  }

  /** A message came, or the state of the kernel changed. */
  wake(): void {
    for (const waiter of [...this.#waiters]) waiter.wake();
  }

  #end(): void {
    if (!this.live) return;
    this.live = false;
    this.wake();
    this.#thread.ended(this);
    this.#thread.stir();
  }

  #check(): void {
    if (!this.#over) return;
    throw new Error(
      `instance ${this.index} of kernel '${this.kernelId}' has failed, was restarted or has ended`,
    );
  }

  /** Resolves when something changed, or at that time. */
  #change(until: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const waiter: Waiter = {
        wake: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      if (until !== undefined) {
        const ms = Math.max(1, Math.ceil(until - performance.now()));
        timer = setTimeout(() => waiter.wake(), Math.min(ms, longestTimerMs)); // who waits longer looks then
      }
    });
  }

  #put(offset: number, bytes: Uint8Array): void {
    const { outbox } = this.#thread.handling;
    new Uint8Array(outbox.words.buffer).set(bytes, offset);
    outbox.stash();
    this.#thread.stir();
  }

  #known(record: Int32Array): MessageDescriptor | undefined {
    const id = (record[messageHeader.typeIdWord] as number) >>> 0;
    return this.#start.messages.find((message) => message.id === id);
  }

  #find(messages: readonly MessageDescriptor[], name: string): MessageDescriptor {
    const found = messages.find((message) => message.name === name);
    if (found !== undefined) return found;
    const known = messages.map((message) => message.name);
    throw new UnknownMessageError(this.kernelId, name, known);
  }

  #decode(record: Int32Array, { name, layout }: MessageDescriptor): Received {
    const view = new DataView(record.buffer);
    const fields = codecOf(layout, name).decode(view, messageHeader.sizeBytes) as object;
    const physical = view.getBigUint64(messageHeader.physicalOffset, true);
    const logical = BigInt(view.getUint32(messageHeader.logicalOffset, true));
    const message: Received = {
      ...fields,
      type: name,
      from: view.getUint32(messageHeader.sourceOffset, true),
      hlc: (physical << 12n) | logical,
      id: view.getBigUint64(messageHeader.messageIdOffset, true),
      correlation: view.getBigUint64(messageHeader.correlationOffset, true),
      priority: priorityNames[priorityAt(record, 0)] as Priority,
    };
    this.#headers.set(message, record);
    return message;
  }
}

/** The payload's bytes: made before room is taken, because a wrong value throws. */
function encoded(codec: Codec, payload: Fields): Uint8Array {
  const bytes = new Uint8Array(codec.size);
  codec.encode(new DataView(bytes.buffer), 0, payload);
  return bytes;
}
