import {
  deadlineAfter,
  InvalidOptionError,
  longestTimerMs,
  type PriorityName,
  priorityToCode,
} from '@ringkernel/core';

/** How long `call` waits by default, milliseconds. */
const callTimeoutMs = 30_000;
const normalPriority = 1;

/** How a message of a lane is sent. */
export interface LaneSendOptions {
  /** `normal` by default. */
  readonly priority?: PriorityName;
  /** Milliseconds from now in which the message must begin to be handled, or it becomes a dead letter (`expired`). */
  readonly deadlineMs?: number;
}

export interface LaneCallOptions extends LaneSendOptions {
  /** How long to wait for room and for the reply together, 30,000 by default. */
  readonly timeoutMs?: number;
}

/** What options say, as the header of a message has it. */
export interface LaneDelivery {
  /** 0 low … 3 critical. */
  readonly priority: number;
  /** Milliseconds after the device's epoch, 0 = none. */
  readonly deadlineMs: number;
}

const plain: LaneDelivery = { priority: normalPriority, deadlineMs: 0 };
const sendNames: readonly string[] = ['priority', 'deadlineMs'];
const callNames: readonly string[] = [...sendNames, 'timeoutMs'];

/** Throws `InvalidOptionError`. */
export function sendDelivery(options: LaneSendOptions | undefined, epochMs: number): LaneDelivery {
  return options === undefined ? plain : delivery(options, sendNames, epochMs);
}

/** Throws `InvalidOptionError`. */
export function callDelivery(
  options: LaneCallOptions,
  epochMs: number,
): LaneDelivery & { readonly timeoutMs: number } {
  const { timeoutMs = callTimeoutMs } = options;
  const told = delivery(options, callNames, epochMs);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > longestTimerMs) {
    throw new InvalidOptionError('timeoutMs', 'whole milliseconds from 1', timeoutMs);
  }
  return { ...told, timeoutMs };
}

function delivery(
  options: LaneSendOptions,
  known: readonly string[],
  epochMs: number,
): LaneDelivery {
  for (const name of Object.keys(Object(options))) {
    if (known.includes(name)) continue;
    throw new InvalidOptionError(name, `one of ${known.join(', ')}`, 'a name nobody knows');
  }
  const { priority = 'normal', deadlineMs } = options;
  return {
    priority: priorityToCode(priority),
    deadlineMs: deadlineMs === undefined ? 0 : deadlineAfter(epochMs, Date.now(), deadlineMs),
  };
}
