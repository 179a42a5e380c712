/** What happens to a message that finds its mailbox full. Each outcome is counted. */
export type FullPolicy = 'wait' | 'reject' | 'drop-oldest';

/**
 * What becomes of messages to an instance that has failed: `dead-letter` buries what waits and what comes, and a kernel
 * whose instances have all failed refuses more; with `wait` they stay in its mailbox until somebody restarts it, and
 * what was not handled when the kernel ends is buried.
 */
export type FailurePolicy = 'dead-letter' | 'wait';

/** Delivered first to last: `critical`, `high`, `normal`, `low`. On the wire 3, 2, 1, 0. */
export type PriorityName = 'low' | 'normal' | 'high' | 'critical';

/** Why a message could not be delivered or handled. The index is the code on the wire. */
export const deadLetterReasons = [
  'none',
  'queue-full', // the mailbox was full and the policy is `reject`, or `drop-oldest` pushed it out
  'not-found', // no live actor has this address
  'expired', // its deadline passed before it was handled
  'terminated', // the kernel ended, or the instance was retired, before it was handled
  'instance-failed', // the actor had faulted before it was handled
  'invalid', // no handler for this type, or the bytes did not check
  'device-lost', // the worker or the device died with it
  'no-reply-expected', // a reply to a message whose sender did not ask for one
  'late-reply', // the caller had given up already
  'output-full', // the host did not receive and the output queue was full
  'tenant-mismatch', // the actor it was sent to belongs to another tenant than its sender
] as const;

export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** The reasons that end messages sent to actors; the rest are about what actors sent to the host. */
export const inputReasons: readonly DeadLetterReason[] = [
  'queue-full',
  'not-found',
  'expired',
  'terminated',
  'instance-failed',
  'invalid',
  'device-lost',
  'tenant-mismatch',
];

/** The reasons of dead letters that belong to the kernel they came from, not to the one they were sent to. */
export const senderReasons: readonly DeadLetterReason[] = [
  'not-found',
  'tenant-mismatch',
  'no-reply-expected',
];
