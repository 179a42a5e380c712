import {
  CancelledError,
  deadlineAfter,
  type FullPolicy,
  InvalidOptionError,
  idFromBigInt,
  idToBigInt,
  type RingKernelError,
  TimeoutError,
  UnknownMessageError,
} from '@ringkernel/core';
import type { Call, Callee, Calls } from './calls.ts';
import type { Correlations } from './correlations.ts';
import { RateLimitedError } from './errors.ts';
import type { Door } from './flow/credit-gate.ts';
import type { Flow } from './flow/flow.ts';
import {
  type Delivery,
  type MessageType,
  type MessageTypes,
  writeEncoded,
} from './message-type.ts';
import {
  type CallOptions,
  callOptionNames,
  checkCorrelation,
  checkDeadline,
  checkDedupeId,
  checkNames,
  checkSignal,
  checkTimeout,
  type DeliveryOptions,
  deliveryOptionNames,
  priorityCodeOf,
  type SendOptions,
  sendOptionNames,
} from './options.ts';
import { fullError, ParkedCall, ParkedSend, sending } from './parked.ts';
import { Senders } from './senders.ts';
import type { WaitingRoom, WaitLimits } from './waiting.ts';

/** How long `send` waits for room by default, milliseconds. */
const sendTimeoutMs = 5_000;
/** How long `call` waits by default, milliseconds. */
const callTimeoutMs = 30_000;

/** Milliseconds by which deadlines are counted: wall clock, or rounds in lockstep. */
export interface DeadlineClock {
  readonly epochMs: number;
  nowMs(): number;
  /** For rates and windows: never goes back. */
  monotonicMs(): number;
}

/** What sending to a kernel needs to know. */
export interface OutboundContext extends Callee {
  readonly instances: number;
  readonly queueCapacity: number;
  readonly onFull: FullPolicy;
  readonly types: MessageTypes;
  readonly device: Door;
  readonly flow: Flow;
  readonly room: WaitingRoom;
  readonly calls: Calls;
  readonly correlations: Correlations;
  readonly clock: DeadlineClock;
  /** Counts a message that was not taken as sent and rejected. */
  refuse(): void;
  /** Why the kernel takes nothing. */
  closedError(operation: string, instance: number): Error;
}

function limits(options: CallOptions | undefined, fallbackMs: number): WaitLimits {
  const { timeoutMs, signal } = options ?? {};
  return {
    timeoutMs: timeoutMs === undefined ? fallbackMs : checkTimeout(timeoutMs),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
}

/** To few different time-outs: each has a list of its own in `Deadlines`. */
function roundUp(timeoutMs: number): number {
  return Math.ceil(timeoutMs / 8) * 8;
}

function refuseAborted(signal: AbortSignal | undefined, operation: string): void {
  if (signal?.aborted) throw new CancelledError(operation, signal.reason);
}

/** Everything from the host to a kernel. */
export class Outbound {
  readonly #context: OutboundContext;
  readonly #senders: Senders;
  /** Filled in anew for each message. */
  readonly #delivery: Delivery = {
    priority: 1,
    correlationLow: 0,
    correlationHigh: 0,
    wantsReply: false,
    deadlineMs: 0,
    source: 0,
  };

  constructor(context: OutboundContext) {
    this.#context = context;
    this.#senders = new Senders(context.device);
  }

  /** Senders that wait for room. */
  get waiting(): number {
    return this.#senders.waiting;
  }

  /** Bytes of a message of this type. Throws `UnknownMessageError`. */
  sizeOf(name: string): number {
    return this.#typeOf(name).descriptor.layout.size;
  }

  /** Gives a message over if there is room and no limit is over, and never waits. False: it was refused. */
  trySend(name: string, instance: number, payload: unknown, options?: DeliveryOptions): boolean {
    if (options !== undefined) checkNames(options, deliveryOptionNames, 'options');
    const type = this.#typeOf(name);
    const delivery = this.#prepare(type, options);
    type.encode(payload);
    if (this.#context.flow.limits.take() !== undefined) {
      this.#context.refuse();
      return false;
    }
    const status = this.#inject(type, instance, delivery);
    if (status === 'accepted') {
      if (options?.correlation !== undefined) {
        this.#expect(options.correlation, instance, delivery);
      }
      return true;
    }
    this.#context.refuse();
    if (status === 'closed') throw this.#context.closedError(sending(type, instance), instance);
    return false;
  }

  /**
   * Resolves with the message's id when the mailbox took it. `source` is the address of the actor in whose name it is
   * sent: never from the program, which holds handles, but from the broker, which knows whose endpoint was used.
   */
  send(
    name: string,
    instance: number,
    payload: unknown,
    options?: SendOptions,
    source = 0,
  ): Promise<bigint> {
    try {
      if (options !== undefined) checkNames(options, sendOptionNames, 'options');
      const type = this.#typeOf(name);
      const delivery = this.#prepare(type, options, source);
      const limit = limits(options, sendTimeoutMs);
      const send = () => {
        type.encode(payload);
        return this.#sendEncoded(type, instance, delivery, limit, options?.correlation);
      };
      if (options?.dedupeId === undefined) return send();
      return this.#context.flow.dedupe.once(checkDedupeId(options.dedupeId), send);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends in order and stops at the first that finds no room in time; how many were taken. */
  async sendBatch(
    name: string,
    instance: number,
    payloads: Iterable<unknown>,
    options: Omit<SendOptions, 'correlation'> = {},
  ): Promise<number> {
    checkNames(options, callOptionNames, 'options');
    const { timeoutMs, signal } = limits(options, sendTimeoutMs);
    const untilMs = performance.now() + timeoutMs;
    const type = this.#typeOf(name);
    const { id, onFull } = this.#context;
    let taken = 0;
    for (const payload of payloads) {
      refuseAborted(signal, `send ${name} to kernel '${id}'`);
      const delivery = this.#prepare(type, options);
      type.encode(payload);
      if (this.#context.flow.limits.take() !== undefined) {
        this.#context.refuse();
        return taken;
      }
      const status = this.#inject(type, instance, delivery);
      if (status === 'full' && onFull === 'wait') {
        const leftMs = roundUp(Math.max(0, untilMs - performance.now()));
        const limit = { timeoutMs: leftMs, signal };
        if (!(await this.#waitForRoom(type, instance, delivery, limit))) return taken;
      } else if (status !== 'accepted') {
        this.#context.refuse();
        if (status === 'full') return taken;
        throw this.#refusal(status, type, instance);
      }
      taken++;
    }
    return taken;
  }

  /** Sends what is encoded once there is room; whether there was in time. */
  async #waitForRoom(
    type: MessageType,
    instance: number,
    delivery: Delivery,
    limit: WaitLimits,
  ): Promise<boolean> {
    try {
      await this.#parkSend(type, instance, delivery, limit);
      return true;
    } catch (error) {
      if (error instanceof TimeoutError) return false;
      throw error;
    }
  }

  #parkSend(
    type: MessageType,
    instance: number,
    delivery: Delivery,
    limit: WaitLimits,
  ): Promise<bigint> {
    const send = new ParkedSend(this.#context, this.#senders, type, instance, { ...delivery });
    send.start(limit);
    if (send.waiting) this.#senders.park(instance, send);
    return send.promise;
  }

  /** Resolves with the decoded reply; `source` as for `send`. */
  call(
    name: string,
    instance: number,
    payload: unknown,
    options?: CallOptions,
    source = 0,
  ): Promise<unknown> {
    try {
      if (options !== undefined) checkNames(options, callOptionNames, 'options');
      const type = this.#typeOf(name);
      if (type.replyCodec === undefined) {
        throw new InvalidOptionError('type', 'a message that is answered (ask)', name, {
          hint: 'use send for the others',
        });
      }
      const delivery = this.#prepare(type, options, source);
      const limit = limits(options, callTimeoutMs);
      type.encode(payload);
      const limited = this.#rateLimited();
      if (limited !== undefined) throw limited;
      return this.#callEncoded(type, instance, delivery, limit);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #callEncoded(
    type: MessageType,
    instance: number,
    delivery: Delivery,
    limit: WaitLimits,
  ): Promise<unknown> {
    const call = this.#context.calls.open(this.#context, type, instance);
    delivery.correlationLow = call.slot;
    delivery.correlationHigh = call.correlationHigh;
    delivery.wantsReply = true;
    call.start(limit);
    if (!call.waiting) return call.promise;
    try {
      const status = this.#inject(type, instance, delivery);
      if (status === 'full' && this.#context.onFull === 'wait') this.#park(call, delivery);
      else if (status !== 'accepted') {
        this.#context.refuse();
        call.fail(this.#refusal(status, type, instance));
      }
    } catch (error) {
      call.fail(error);
    }
    return call.promise;
  }

  /** The call stands in the line of senders. */
  #park(call: Call, delivery: Delivery): void {
    const parked = new ParkedCall(this.#context, this.#senders, call, delivery);
    call.parked = parked;
    this.#senders.park(call.instance, parked);
  }

  #sendEncoded(
    type: MessageType,
    instance: number,
    delivery: Delivery,
    limit: WaitLimits,
    correlation: bigint | undefined,
  ): Promise<bigint> {
    const { device, onFull, correlations } = this.#context;
    refuseAborted(limit.signal, sending(type, instance));
    const limited = this.#rateLimited();
    if (limited !== undefined) return Promise.reject(limited);
    const status = this.#inject(type, instance, delivery);
    if (status === 'accepted') {
      if (correlation !== undefined) this.#expect(correlation, instance, delivery);
      return Promise.resolve(idToBigInt(device.lastMessageId.low, device.lastMessageId.high));
    }
    if (status === 'closed' || onFull !== 'wait') {
      this.#context.refuse();
      return Promise.reject(this.#refusal(status, type, instance));
    }
    const sent = this.#parkSend(type, instance, delivery, limit);
    if (correlation === undefined) return sent;
    this.#expect(correlation, instance, delivery);
    return sent.catch((error: unknown) => {
      correlations.forget(correlation);
      throw error;
    });
  }

  /** The error when a rate limit is over, or a budget used up; the message counts as refused then. */
  #rateLimited(): RingKernelError | undefined {
    const { flow, id, refuse } = this.#context;
    const over = flow.limits.take();
    if (over === undefined) return undefined;
    refuse();
    return over.error ?? new RateLimitedError(id, over.subject, over.retryAfterMs);
  }

  #inject(type: MessageType, instance: number, delivery: Delivery): 'accepted' | 'full' | 'closed' {
    if (this.#senders.waitFor(instance)) return 'full';
    const { device } = this.#context;
    return device.inject(instance, type.descriptor, writeEncoded, type.scratch, delivery);
  }

  #prepare(type: MessageType, options: DeliveryOptions | undefined, source = 0): Delivery {
    const delivery = this.#delivery;
    delivery.priority = 1;
    delivery.correlationLow = 0;
    delivery.correlationHigh = 0;
    delivery.wantsReply = false;
    delivery.deadlineMs = 0;
    delivery.source = source;
    if (options === undefined) return delivery;
    const { priority, deadlineMs, correlation } = options;
    delivery.priority = priorityCodeOf(priority);
    if (deadlineMs !== undefined) {
      const { clock } = this.#context;
      delivery.deadlineMs = deadlineAfter(clock.epochMs, clock.nowMs(), checkDeadline(deadlineMs));
    }
    if (correlation !== undefined) {
      this.#context.correlations.check(checkCorrelation(correlation));
      const { low, high } = idFromBigInt(correlation);
      delivery.correlationLow = low;
      delivery.correlationHigh = high;
      delivery.wantsReply = type.replyCodec !== undefined;
    }
    return delivery;
  }

  #expect(correlation: bigint, instance: number, { wantsReply }: Delivery): void {
    if (wantsReply) this.#context.correlations.expect(correlation, instance);
  }

  #typeOf(name: string): MessageType {
    const { types, id } = this.#context;
    const type = types.byName.get(name);
    if (type === undefined) throw new UnknownMessageError(id, name, [...types.byName.keys()]);
    return type;
  }

  #refusal(status: 'full' | 'closed', type: MessageType, instance: number): Error {
    if (status === 'full') return fullError(this.#context, instance);
    return this.#context.closedError(sending(type, instance), instance);
  }
}
