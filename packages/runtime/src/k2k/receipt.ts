/**
 * What became of a message. `Delivered`: a mailbox took it. `Pending`: it waits for room. `Invalid`: its receiver does
 * not know its type, or its payload does not fit; `error` says which.
 */
export const deliveryStatuses = [
  'Delivered',
  'Pending',
  'NotFound',
  'QueueFull',
  'Timeout',
  'MaxHopsExceeded',
  'TenantMismatch',
  'Expired',
  'Invalid',
] as const;

export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One step of a message on its way. */
export interface Hop {
  /** Node id of the runtime where it happened. */
  readonly node: number;
  readonly step: 'sent' | 'forwarded' | 'delivered' | 'refused';
  /** Milliseconds since the Unix epoch, never going back. */
  readonly atMs: number;
}

/** Who sent a message: what its endpoint was made for, never what the sender says. */
export interface Source {
  readonly node: number;
  readonly kernelId: string;
  readonly instance: number;
}

/** The proof of a sending. It is a copy: ask the broker again for what became of a pending one. */
export interface Receipt {
  readonly id: string;
  readonly status: DeliveryStatus;
  readonly source: Source;
  /** The name that was asked for; of a handle, the id of its kernel. */
  readonly destination: string;
  readonly type: string;
  /** From one runtime to the next. */
  readonly hops: number;
  readonly trace: readonly Hop[];
  /** What the mailbox calls the message; undefined unless it was delivered. */
  readonly messageId: bigint | undefined;
  /** Why it was not delivered. */
  readonly error: unknown;
}

export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
