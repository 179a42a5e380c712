import {
  type DeadLetterReason,
  type DeviceDeadLetter,
  type DeviceFault,
  type DeviceMessage,
  deadLetterReasons,
  idToBigInt,
  inputReasons,
  type KernelImage,
  type KernelSink,
  priorityNames,
  senderReasons,
  WorkerLostError,
} from '@ringkernel/core';
import { type Calls, isCall } from './calls.ts';
import type { Correlations } from './correlations.ts';
import type { UndeliveredMessage } from './dead-letters.ts';
import { UndeliveredError } from './errors.ts';
import { faultError, type KernelFault } from './faults.ts';
import type { MessageTypes } from './message-type.ts';
import type { OutputQueue } from './output-queue.ts';
import { type AnyReceived, received } from './received.ts';

/** What receiving from a kernel needs to know. */
export interface InboundContext {
  readonly id: string;
  readonly image: KernelImage;
  readonly baseAddress: number;
  readonly types: MessageTypes;
  readonly calls: Calls;
  readonly correlations: Correlations;
  readonly output: OutputQueue;
  onDeadLetter(letter: UndeliveredMessage): void;
}

/** Everything from a kernel to the host. */
export class Inbound implements KernelSink {
  /** Dead letters that the host made of what the kernel told it; the device counts the others. */
  readonly undelivered: Record<DeadLetterReason, number>;
  readonly context: InboundContext;
  /** Set by the kernel once it is launched; nothing can fault before that. */
  onFault: (fault: KernelFault) => void = () => {};

  constructor(context: InboundContext) {
    this.context = context;
    this.undelivered = Object.fromEntries(deadLetterReasons.map((reason) => [reason, 0])) as Record<
      DeadLetterReason,
      number
    >;
  }

  message(message: DeviceMessage): void {
    if (message.kind === 'reply') return this.#reply(message);
    const type = this.context.types.emits.get(message.type);
    if (type === undefined || message.byteLength !== type.codec.size) {
      return this.#bury('invalid', message);
    }
    const fields = type.codec.decode(message.view, message.byteOffset);
    this.context.output.push(received(type.name, message, fields));
  }

  deadLetter(letter: DeviceDeadLetter): void {
    const { id, types, calls, correlations, baseAddress } = this.context;
    const { reason, type, source, destination, correlationLow, correlationHigh, payload } = letter;
    const priority = priorityNames[letter.priority] ?? 'normal';
    const correlation = idToBigInt(correlationLow, correlationHigh);
    const isMine = inputReasons.includes(reason) && !senderReasons.includes(reason);
    this.context.onDeadLetter({
      reason,
      kernelId: id,
      instance: isMine ? destination - baseAddress : undefined,
      type: types.nameOf(type),
      typeId: type,
      source,
      destination,
      priority,
      correlation,
      payload: types.payloadOf(type, payload),
      bytes: payload.byteLength,
    });
    if (correlation === 0n || !inputReasons.includes(reason)) return;
    const name = types.nameOf(type) ?? `type ${type}`;
    const error = () => new UndeliveredError(id, destination - baseAddress, name, reason);
    if (isCall(correlationHigh)) calls.find(correlationLow, correlationHigh)?.fail(error());
    else correlations.fail(correlation, error());
  }

  fault(fault: DeviceFault): void {
    const { id, image, types, calls, correlations } = this.context;
    const { instance, correlationLow, correlationHigh } = fault;
    const type = types.nameOf(fault.type);
    const error = faultError(id, image, type, fault);
    // Whatever was asked of it is gone with its worker, or will be handled by somebody who knows nothing of it.
    if (error instanceof WorkerLostError) {
      calls.failInstance(error, id, instance);
      correlations.failInstance(error, instance);
    }
    if (isCall(correlationHigh)) calls.find(correlationLow, correlationHigh)?.fail(error);
    else correlations.fail(idToBigInt(correlationLow, correlationHigh), error);
    this.onFault({ kernelId: id, instance, type, error });
  }

  /** A received message that nobody received in time. */
  overflow(message: AnyReceived, typeId: number, bytes: number): void {
    const { id, baseAddress } = this.context;
    const { type, from, id: _id, hlc: _hlc, priority, correlation, ...fields } = message;
    this.undelivered['output-full']++;
    this.context.onDeadLetter({
      reason: 'output-full',
      kernelId: id,
      instance: undefined,
      type,
      typeId,
      source: baseAddress + from,
      destination: 0,
      priority,
      correlation,
      payload: fields,
      bytes,
    });
  }

  #reply(message: DeviceMessage): void {
    const { types, calls, correlations } = this.context;
    const { correlationLow, correlationHigh, view, byteOffset, byteLength } = message;
    const type = types.replies.get(message.type);
    const codec = type?.replyCodec;
    if (type === undefined || codec === undefined || byteLength !== codec.size) {
      return this.#bury('invalid', message);
    }
    if (isCall(correlationHigh)) {
      const call = calls.find(correlationLow, correlationHigh);
      if (call === undefined) return this.#bury('late-reply', message);
      return call.succeed(codec.decode(view, byteOffset));
    }
    const fields = codec.decode(view, byteOffset);
    const reply = received(type.name, message, fields);
    if (!correlations.deliver(reply.correlation, reply)) this.#bury('late-reply', message);
  }

  #bury(reason: DeadLetterReason, message: DeviceMessage): void {
    const { types, id, baseAddress } = this.context;
    const { type, instance, view, byteOffset, byteLength } = message;
    const start = view.byteOffset + byteOffset;
    const bytes = new Uint8Array(view.buffer).slice(start, start + byteLength);
    this.undelivered[reason]++;
    this.context.onDeadLetter({
      reason,
      kernelId: id,
      instance: undefined,
      type: types.nameOf(type),
      typeId: type,
      source: baseAddress + instance,
      destination: 0,
      priority: priorityNames[message.priority] ?? 'normal',
      correlation: idToBigInt(message.correlationLow, message.correlationHigh),
      payload: types.payloadOf(type, bytes),
      bytes: byteLength,
    });
  }
}
