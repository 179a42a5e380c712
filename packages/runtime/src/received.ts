import {
  type AskName,
  type Decoded,
  type DeviceMessage,
  idToBigInt,
  type PriorityName,
  packStamp,
  priorityNames,
  type ReplyFields,
} from '@ringkernel/core';

/** What a message from a kernel carries beside its fields. */
export interface ReceivedMeta {
  /** Index of the instance it comes from. */
  readonly from: number;
  readonly id: bigint;
  /** Stamp of the sending: microseconds << 12 | logical; in lockstep round << 12. */
  readonly hlc: bigint;
  readonly priority: PriorityName;
  /** Of the message that was being handled, 0n = none. */
  readonly correlation: bigint;
}

/** An event of a kernel, told apart by `type`, its fields beside it. */
export type Received<E, K extends keyof E & string = keyof E & string> = {
  [N in K]: { readonly type: N } & ReceivedMeta & Decoded<E[N]>;
}[K];

/** The answer to a message sent with a correlation; `type` is the name of that message. */
export type CorrelatedReply<M> = 0 extends M & 1
  ? // biome-ignore lint/suspicious/noExplicitAny: of any messages any reply, so that any handle is an `AnyKernelHandle`.
    any
  : {
      [N in AskName<M>]: { readonly type: N } & ReceivedMeta & Decoded<ReplyFields<M[N]>>;
    }[AskName<M>];

/** Any of them, where the definition is not known to the type checker. */
export type AnyReceived = { readonly type: string } & ReceivedMeta &
  Readonly<Record<string, unknown>>;

/** Puts what the device says about a message beside its decoded fields. */
export function received(type: string, message: DeviceMessage, fields: unknown): AnyReceived {
  return {
    ...(fields as Readonly<Record<string, unknown>>),
    type,
    from: message.instance,
    id: idToBigInt(message.idLow, message.idHigh),
    hlc: packStamp(message),
    priority: priorityNames[message.priority] ?? 'normal',
    correlation: idToBigInt(message.correlationLow, message.correlationHigh),
  };
}
