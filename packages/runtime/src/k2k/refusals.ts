import {
  DeviceLostError,
  InstanceNotFoundError,
  KernelTerminatedError,
  QueueFullError,
  TimeoutError,
} from '@ringkernel/core';
import type { UndeliveredReason } from '../dead-letters.ts';
import {
  BackpressureError,
  KernelFailedError,
  QuotaExceededError,
  RateLimitedError,
  UndeliveredError,
} from '../errors.ts';
import type { DeliveryStatus } from './receipt.ts';

/** A call that waited in its mailbox and was not handled there. */
const undelivered: Readonly<Record<string, DeliveryStatus>> = {
  expired: 'Expired',
  'queue-full': 'QueueFull',
  invalid: 'Invalid',
};

/** What the error of a mailbox means for a message. */
export function statusOf(error: unknown): DeliveryStatus {
  if (error instanceof TimeoutError) return 'Timeout';
  if (error instanceof UndeliveredError) return undelivered[error.reason] ?? 'NotFound';
  const full = [QueueFullError, BackpressureError, RateLimitedError, QuotaExceededError];
  if (full.some((kind) => error instanceof kind)) return 'QueueFull';
  const gone = [KernelTerminatedError, KernelFailedError, DeviceLostError, InstanceNotFoundError];
  if (gone.some((kind) => error instanceof kind)) return 'NotFound';
  return 'Invalid';
}

const reasons: Readonly<Record<DeliveryStatus, UndeliveredReason>> = {
  Delivered: 'none',
  Pending: 'none',
  NotFound: 'not-found',
  QueueFull: 'queue-full',
  Timeout: 'delivery-timeout',
  MaxHopsExceeded: 'max-hops',
  TenantMismatch: 'tenant-mismatch',
  Expired: 'expired',
  Invalid: 'invalid',
};

/** What a dead letter of a message that ended like this says. */
export function deadLetterReasonOf(status: DeliveryStatus): UndeliveredReason {
  return reasons[status];
}
