import {
  type AskName,
  type Decoded,
  type Emits,
  type Fields,
  InvalidOptionError,
  type KernelState,
  type Messages,
  type Payload,
  type ReplyFields,
  type RequestFields,
} from '@ringkernel/core';
import type { KernelFault } from './faults.ts';
import type { Kernel } from './kernel.ts';
import type { KernelMetrics, KernelStatus } from './kernel-figures.ts';
import {
  type CallOptions,
  checkNames,
  checkSignal,
  checkTimeout,
  type DeliveryOptions,
  type ReceiveOptions,
  receiveOptionNames,
  type SendOptions,
  type TerminateOptions,
  terminateOptionNames,
} from './options.ts';
import type { Filter } from './output-queue.ts';
import type { AnyReceived, CorrelatedReply, Received } from './received.ts';
import { type Reception, type ReceptionLimits, receiveTimeoutMs } from './reception.ts';

/** How long `terminate` drains by default, milliseconds. */
const terminateTimeoutMs = 5_000;

/** Id of an accepted message: node (16 bits) | thread (8) | counter (40). */
export type MessageId = bigint;

/** Of `restart` and `spawn`. */
const restartOptionNames: readonly string[] = ['state'];

type PayloadOf<M, K extends keyof M> = Payload<RequestFields<M[K]>>;
type Event<E> = keyof E & string;

function receptionLimits(options: ReceiveOptions): ReceptionLimits {
  checkNames(options, receiveOptionNames, 'options');
  const { timeoutMs, signal } = options;
  return {
    timeoutMs: timeoutMs === undefined ? undefined : checkTimeout(timeoutMs),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
}

let kernelOfHandle: (handle: AnyInstanceHandle) => Kernel;

/** What one can say to an instance of a kernel, and hear from it. */
export class InstanceHandle<
  M extends Messages = Messages,
  E extends Emits = Emits,
  S extends Fields = Fields,
> implements AsyncIterable<Received<E>>
{
  /** Index of the instance that messages go to. */
  readonly index: number;
  readonly #kernel: Kernel;
  readonly #from: number | undefined;

  static {
    kernelOfHandle = (handle) => handle.#kernel;
  }

  constructor(kernel: Kernel, index: number, from: number | undefined) {
    this.#kernel = kernel;
    this.index = index;
    this.#from = from;
  }

  /** Address of the instance: what `ref` fields hold. */
  get address(): number {
    return this.#kernel.settings.baseAddress + this.index;
  }

  /**
   * Resolves with the message's id once the mailbox has taken it. With the policy `wait` it waits for room up to
   * `timeoutMs`, then rejects with `TimeoutError`; with `reject` a full mailbox is a `QueueFullError` at once.
   */
  send<K extends keyof M & string>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SendOptions,
  ): Promise<MessageId> {
    return this.#kernel.outbound.send(type, this.index, payload, options);
  }

  /** Sends if there is room, and never waits. False: the mailbox is full, the message was not taken. */
  trySend<K extends keyof M & string>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: DeliveryOptions,
  ): boolean {
    return this.#kernel.outbound.trySend(type, this.index, payload, options);
  }

  /**
   * Sends in order; how many were taken. It stops at the first that finds no room within `timeoutMs` for all together.
   * Rejects when a payload is wrong or the kernel ends; those before it were sent.
   */
  sendBatch<K extends keyof M & string>(
    type: K,
    payloads: Iterable<PayloadOf<M, K>>,
    options?: Omit<SendOptions, 'correlation'>,
  ): Promise<number> {
    return this.#kernel.outbound.sendBatch(type, this.index, payloads, options);
  }

  /** Resolves with the reply. Rejects when the message faults, goes to the dead letters, or nobody replies in time. */
  call<K extends AskName<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: CallOptions,
  ): Promise<Decoded<ReplyFields<M[K]>>> {
    const reply = this.#kernel.outbound.call(type, this.index, payload, options);
    return reply as Promise<Decoded<ReplyFields<M[K]>>>;
  }

  /** The next event: `await` it, or `for await` one after the other until the kernel ends. */
  receive<K extends Event<E> = Event<E>>(options?: ReceiveOptions): Reception<Received<E, K>>;
  receive<K extends Event<E>>(type: K, options?: ReceiveOptions): Reception<Received<E, K>>;
  receive(first?: string | ReceiveOptions, second?: ReceiveOptions): Reception<unknown> {
    const type = typeof first === 'string' ? first : undefined;
    const options = (typeof first === 'string' ? second : (first ?? second)) ?? {};
    return this.#kernel.receive(this.#filter(type), receptionLimits(options));
  }

  /** An event if one is here already. */
  tryReceive<K extends Event<E> = Event<E>>(type?: K): Received<E, K> | undefined {
    const message: AnyReceived | undefined = this.#kernel.tryReceive(this.#filter(type));
    return message as Received<E, K> | undefined;
  }

  /** The reply to a message that was sent with this correlation. After a time-out it can be fetched again. */
  async receiveCorrelated(
    correlation: bigint,
    options: ReceiveOptions = {},
  ): Promise<CorrelatedReply<M>> {
    const { timeoutMs = receiveTimeoutMs, signal } = receptionLimits(options);
    const reply = this.#kernel.correlations.fetch(correlation, timeoutMs, signal);
    return (await reply) as CorrelatedReply<M>;
  }

  /** A copy of the instance's state, taken between two handlers. */
  readState(): Promise<Decoded<S>> {
    return this.#kernel.population.readState(this.index) as Promise<Decoded<S>>;
  }

  /**
   * Gives the instance a new state between two handlers and lets it go on, whether it has failed or not. Without
   * `state` it starts from zeros. Messages in its mailbox stay there. A state that does not fit is a `SchemaError`.
   */
  async restart(options: { readonly state?: Payload<S> } = {}): Promise<void> {
    checkNames(options, restartOptionNames, 'options');
    await this.#kernel.population.restart(this.index, options.state);
  }

  [Symbol.asyncIterator](): AsyncIterator<Received<E>> {
    return this.receive()[Symbol.asyncIterator]();
  }

  #filter(type: string | undefined): Filter {
    return { type, instance: this.#from };
  }
}

/** A launched kernel. Messages go to its instance 0; what it tells the host comes from any of them. */
export class KernelHandle<
    M extends Messages = Messages,
    E extends Emits = Emits,
    S extends Fields = Fields,
  >
  extends InstanceHandle<M, E, S>
  implements AsyncDisposable
{
  constructor(kernel: Kernel) {
    super(kernel, 0, undefined);
  }

  get id(): string {
    return kernelOf(this).id;
  }

  get state(): KernelState {
    return kernelOf(this).state;
  }

  /** How many instances live. */
  get instances(): number {
    return kernelOf(this).instances.living;
  }

  /** How many there is room for. */
  get maxInstances(): number {
    return kernelOf(this).settings.instances;
  }

  /** Indexes of the instances that live, ascending. */
  get living(): readonly number[] {
    return kernelOf(this).instances.indexes;
  }

  /**
   * One instance: messages go to it, and `receive` gives only what comes from it. Where nobody lives they are refused
   * with `InstanceNotFoundError`.
   */
  at(index: number): InstanceHandle<M, E, S> {
    if (!Number.isInteger(index) || index < 0 || index >= this.maxInstances) {
      throw new InvalidOptionError('index', `0 to ${this.maxInstances - 1}`, index);
    }
    return new InstanceHandle(kernelOf(this), index, index);
  }

  /**
   * Begins an instance, with this state or zeros, an empty mailbox and its random sequence at the start; resolves with its
   * index. Nothing that was sent to that index before reaches it. `InstanceLimitError` when `maxInstances` live.
   */
  async spawn(options: { readonly state?: Payload<S> } = {}): Promise<number> {
    checkNames(options, restartOptionNames, 'options');
    return await kernelOf(this).population.spawn(options.state);
  }

  /**
   * Ends an instance between two handlers. What waits for it, and what actors send it from now on, becomes dead letters
   * (`terminated`), and its callers are told. Its index is given to a later one. `InstanceNotFoundError` where nobody
   * lives.
   */
  async retire(index: number): Promise<void> {
    await kernelOf(this).population.retire(index);
  }

  activate(): Promise<void> {
    return kernelOf(this).activate('activate');
  }

  /** Handles no more messages; they wait in the mailboxes. */
  deactivate(): Promise<void> {
    return kernelOf(this).deactivate();
  }

  reactivate(): Promise<void> {
    return kernelOf(this).activate('reactivate');
  }

  /** Takes no more messages, handles what waits, and ends. Said several times, the first one's time-out counts. */
  async terminate(options: TerminateOptions = {}): Promise<{ readonly drained: boolean }> {
    checkNames(options, terminateOptionNames, 'options');
    return await kernelOf(this).terminate(checkTimeout(options.timeoutMs ?? terminateTimeoutMs));
  }

  /** Resolves when the kernel has terminated, also when it has already. */
  wait(): Promise<void> {
    return kernelOf(this).ended();
  }

  status(): KernelStatus {
    return kernelOf(this).status();
  }

  metrics(): KernelMetrics {
    return kernelOf(this).metrics();
  }

  /** The last 1,000 faults, the oldest first. */
  faults(): readonly KernelFault[] {
    return kernelOf(this).faults();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }
}

/** A handle of a kernel whose definition the type checker does not know. What is sent is checked when it is sent. */
// biome-ignore lint/suspicious/noExplicitAny: any message may be sent to it.
export type AnyKernelHandle = KernelHandle<any, any, any>;

/** A handle of a kernel or of one of its instances, of a definition that the type checker does not know. */
// biome-ignore lint/suspicious/noExplicitAny: any message may be sent to it.
export type AnyInstanceHandle = InstanceHandle<any, any, any>;

/** The runtime's own: the kernel behind a handle. */
export function kernelOf(handle: AnyInstanceHandle): Kernel {
  return kernelOfHandle(handle);
}

/** The handle of a definition's kernel. */
export type HandleOf<D> = D extends {
  readonly spec: { readonly messages: infer M extends Messages; readonly emits?: infer E };
}
  ? KernelHandle<M, E extends Emits ? E : NoFields, StateOf<D>>
  : never;

/** The handle of an instance of a definition's kernel. */
export type InstanceOf<D> = D extends {
  readonly spec: { readonly messages: infer M extends Messages; readonly emits?: infer E };
}
  ? InstanceHandle<M, E extends Emits ? E : NoFields, StateOf<D>>
  : never;

type NoFields = Record<never, never>;

/** A host-only actor has no state that others can read. */
type StateOf<D> = D extends { readonly spec: { readonly state: infer S extends Fields } }
  ? S
  : NoFields;
