import type { PriorityName } from '@ringkernel/core';
import type { DedupeId } from '../flow/dedupe-window.ts';
import {
  checkDeadline,
  checkDedupeId,
  checkInteger,
  checkNames,
  checkTimeout,
  priorityCodeOf,
} from '../options.ts';

/** How a runtime's broker works. */
export interface K2KOptions {
  /** From one runtime to the next at most so often, 8 by default, at most 255. */
  readonly maxHops?: number;
  /** How long a message waits for room in a mailbox, 5,000 by default. */
  readonly deliveryTimeoutMs?: number;
  /** Messages from this runtime whose fate is not known yet, 1,024 by default; one more is `QueueFull`. */
  readonly maxPending?: number;
  /** Receipts that are kept, 10,000 by default. */
  readonly receiptCapacity?: number;
  /** How long they are kept, five minutes by default. */
  readonly receiptAgeMs?: number;
}

/** How a message is sent through the broker. */
export interface K2KSendOptions {
  /** `normal` by default. Where messages wait for room, the more urgent go first. */
  readonly priority?: PriorityName;
  /** Milliseconds (in lockstep rounds) in which it must begin to be handled. */
  readonly deadlineMs?: number;
  /** How long it waits for room; what the broker was told by default. 0: not at all. */
  readonly deliveryTimeoutMs?: number;
  /** A message whose `dedupeId` the receiver has taken before is not handed over again. */
  readonly dedupeId?: DedupeId;
}

/** How a call goes through the broker. */
export interface K2KCallOptions {
  readonly priority?: PriorityName;
  /** Milliseconds (in lockstep rounds) in which it must begin to be handled. */
  readonly deadlineMs?: number;
  /** How long to wait for room and for the reply together, 30,000 by default. */
  readonly timeoutMs?: number;
}

/** The same for each event. Without `priority` each keeps its own. */
export type K2KRelayOptions = Omit<K2KSendOptions, 'dedupeId'>;

const callOptionNames: readonly string[] = ['priority', 'deadlineMs', 'timeoutMs'];
const relayOptionNames: readonly string[] = ['priority', 'deadlineMs', 'deliveryTimeoutMs'];

export function checkK2KOptions(options: K2KOptions): Required<K2KOptions> {
  const names = ['maxHops', 'deliveryTimeoutMs', 'maxPending', 'receiptCapacity', 'receiptAgeMs'];
  checkNames(options, names, 'k2k');
  const { maxHops = 8, maxPending = 1_024, receiptCapacity = 10_000 } = options;
  const { deliveryTimeoutMs = 5_000, receiptAgeMs = 300_000 } = options;
  return {
    maxHops: checkInteger('k2k.maxHops', maxHops, 0, 255),
    deliveryTimeoutMs: checkTimeout(deliveryTimeoutMs, 'k2k.deliveryTimeoutMs'),
    maxPending: checkInteger('k2k.maxPending', maxPending, 1, 2 ** 24),
    receiptCapacity: checkInteger('k2k.receiptCapacity', receiptCapacity, 0, 2 ** 24),
    receiptAgeMs: checkTimeout(receiptAgeMs, 'k2k.receiptAgeMs'),
  };
}

export function checkK2KSend({ dedupeId, ...options }: K2KSendOptions): void {
  if (dedupeId !== undefined) checkDedupeId(dedupeId);
  checkK2KRelay(options);
}

/** How long the call may take. */
export function checkK2KCall(options: K2KCallOptions): number {
  checkNames(options, callOptionNames, 'options');
  const { priority, deadlineMs, timeoutMs = 30_000 } = options;
  priorityCodeOf(priority);
  if (deadlineMs !== undefined) checkDeadline(deadlineMs);
  return checkTimeout(timeoutMs);
}

export function checkK2KRelay(options: K2KRelayOptions): void {
  checkNames(options, relayOptionNames, 'options');
  const { priority, deadlineMs, deliveryTimeoutMs } = options;
  priorityCodeOf(priority);
  if (deadlineMs !== undefined) checkDeadline(deadlineMs);
  if (deliveryTimeoutMs !== undefined) checkTimeout(deliveryTimeoutMs, 'deliveryTimeoutMs');
}
