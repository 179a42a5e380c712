import { idToBigInt, QueueFullError, TimeoutError } from '@ringkernel/core';
import type { Call } from './calls.ts';
import { BackpressureError } from './errors.ts';
import type { Delivery, MessageType } from './message-type.ts';
import type { OutboundContext } from './outbound.ts';
import type { Parked, Senders } from './senders.ts';
import { Waiting } from './waiting.ts';

/** A `send` that waits for room. */
export class ParkedSend extends Waiting<bigint> implements Parked {
  readonly type: MessageType;
  readonly bytes: DataView;
  readonly delivery: Delivery;
  readonly #context: OutboundContext;
  readonly #senders: Senders;
  readonly #instance: number;

  constructor(
    context: OutboundContext,
    senders: Senders,
    type: MessageType,
    instance: number,
    delivery: Delivery,
  ) {
    super(context.room);
    this.#context = context;
    this.#senders = senders;
    this.#instance = instance;
    this.type = type;
    this.bytes = type.keep();
    this.delivery = delivery;
  }

  accepted(): void {
    const { low, high } = this.#context.device.lastMessageId;
    this.succeed(idToBigInt(low, high));
  }

  closed(error?: unknown): void {
    this.fail(error ?? this.#context.closedError(this.describe(), this.#instance));
  }

  override fail(error: unknown): void {
    if (!this.waiting) return;
    this.#context.refuse();
    super.fail(error);
  }

  protected describe(): string {
    return `send ${this.type.name} to instance ${this.#instance} of kernel '${this.#context.id}'`;
  }

  protected leave(): void {
    this.#senders.remove(this.#instance, this);
  }

  protected override timedOut(timeoutMs: number): Error {
    const cause = fullError(this.#context, this.#instance);
    return new TimeoutError(this.describe(), timeoutMs, { cause });
  }
}

/** A call that waits for room before it can wait for its reply. */
export class ParkedCall implements Parked {
  readonly type: MessageType;
  readonly bytes: DataView;
  readonly delivery: Delivery;
  readonly #context: OutboundContext;
  readonly #senders: Senders;
  readonly #call: Call;

  constructor(context: OutboundContext, senders: Senders, call: Call, delivery: Delivery) {
    this.#context = context;
    this.#senders = senders;
    this.#call = call;
    this.type = call.type;
    this.bytes = call.type.keep();
    this.delivery = { ...delivery };
  }

  accepted(): void {
    this.#call.parked = null;
  }

  closed(error?: unknown): void {
    const { type, instance } = this.#call;
    const operation = sending(type, instance);
    this.#call.fail(error ?? this.#context.closedError(operation, this.#call.instance));
  }

  /** The call gave up. */
  abandon(): void {
    this.#senders.remove(this.#call.instance, this);
    this.#context.refuse();
  }
}

/** What is being done, as errors call it. */
export function sending(type: MessageType, instance: number): string {
  return `send ${type.name} to instance ${instance}`;
}

/** Why there is no room: the mailbox is full, or the kernel holds its senders back before that. */
export function fullError(context: OutboundContext, instance: number): Error {
  const { id, queueCapacity, flow } = context;
  if (flow.gate?.held) return new BackpressureError(id, flow.gate.highWater);
  return new QueueFullError(id, instance, queueCapacity);
}
