import { InvalidOptionError } from '../errors/operation.ts';

/** Sizes that queues come in; the names and figures of RingKernel for Rust. */
export type QueueTier = 'small' | 'medium' | 'large' | 'extraLarge';

/** Messages of a queue of each tier. */
export const tierCapacity: Readonly<Record<QueueTier, number>> = {
  small: 256,
  medium: 1024,
  large: 4096,
  extraLarge: 16_384,
};

const ascending = ['small', 'medium', 'large', 'extraLarge'] as const;

/** The smallest tier that holds so many messages; the largest when none does. */
export function tierForDepth(messages: number): QueueTier {
  return ascending.find((tier) => tierCapacity[tier] >= messages) ?? 'extraLarge';
}

/**
 * The smallest tier that takes what arrives in `headroomMs`, the longest time the receiver may be away: the messages
 * that pile up meanwhile fit (Little's law). The largest when none does.
 */
export function tierForThroughput(messagesPerSecond: number, headroomMs: number): QueueTier {
  for (const [option, value] of Object.entries({ messagesPerSecond, headroomMs })) {
    if (!(value >= 0)) throw new InvalidOptionError(option, 'a number of at least 0', value);
  }
  return tierForDepth((messagesPerSecond * headroomMs) / 1000);
}

/** The next larger tier; the largest is its own. */
export function upgradedTier(tier: QueueTier): QueueTier {
  return ascending[ascending.indexOf(tier) + 1] ?? 'extraLarge';
}

/** The next smaller tier; the smallest is its own. */
export function downgradedTier(tier: QueueTier): QueueTier {
  return ascending[ascending.indexOf(tier) - 1] ?? 'small';
}
