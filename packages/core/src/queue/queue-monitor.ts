import { InvalidOptionError } from '../errors/operation.ts';
import type { QueueStatistics } from './message-queue.ts';
import { type QueueTier, tierCapacity, tierForDepth, upgradedTier } from './tier.ts';

export type QueueHealth = 'healthy' | 'warning' | 'critical';

export interface QueueMonitorOptions {
  /** Share of the capacity in use from which a queue is in `warning`; 0.75 by default. */
  readonly warning?: number;
  /** The same for `critical`; 0.90 by default. */
  readonly critical?: number;
}

/** Judges a queue by its statistics. It keeps nothing, so one monitor serves any number of queues. */
export class QueueMonitor {
  readonly warning: number;
  readonly critical: number;

  constructor(options: QueueMonitorOptions = {}) {
    const { warning = 0.75, critical = 0.9 } = options;
    if (!(warning > 0 && warning <= 1)) {
      throw new InvalidOptionError('warning', 'above 0 and at most 1', warning);
    }
    if (!(critical >= warning && critical <= 1)) {
      throw new InvalidOptionError('critical', `from ${warning} to 1`, critical);
    }
    this.warning = warning;
    this.critical = critical;
  }

  /** Share of the capacity in use now, 0 to 1. */
  utilization({ depth, capacity }: QueueStatistics): number {
    return depth / capacity;
  }

  health(statistics: QueueStatistics): QueueHealth {
    const share = this.utilization(statistics);
    if (share >= this.critical) return 'critical';
    return share >= this.warning ? 'warning' : 'healthy';
  }

  /** Share of the messages offered that were refused for want of room, 0 to 1. */
  dropRate({ rejected, enqueued }: QueueStatistics): number {
    const offered = rejected + enqueued;
    return offered === 0 ? 0 : rejected / offered;
  }

  /**
   * The tier that its lanes should have instead: one larger, when the queue is in `warning` now or one of its lanes
   * was ever `critical`. Undefined when it is large enough, or when there is no larger tier.
   */
  suggestUpgrade(statistics: QueueStatistics): QueueTier | undefined {
    const { laneCapacity, maxDepth } = statistics;
    const wasCritical = maxDepth >= this.critical * laneCapacity;
    if (this.health(statistics) === 'healthy' && !wasCritical) return undefined;
    const fitting = tierForDepth(laneCapacity);
    const tier = tierCapacity[fitting] > laneCapacity ? fitting : upgradedTier(fitting);
    return tierCapacity[tier] > laneCapacity ? tier : undefined;
  }
}
