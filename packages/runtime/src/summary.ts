import {
  type DeadLetterReason,
  deadLetterReasons,
  inputReasons,
  type KernelCounters,
  type KernelState,
  type LatencySnapshot,
} from '@ringkernel/core';

/** sent = handled + rejected + deadLettered + pending, once the runtime has settled. */
export interface MessageCounts {
  readonly sent: number;
  readonly handled: number;
  readonly rejected: number;
  /** Messages to kernels that were not handled. What kernels told the host in vain is not among them. */
  readonly deadLettered: number;
  readonly pending: number;
}

export interface KernelSummary extends MessageCounts {
  readonly id: string;
  readonly state: KernelState;
  readonly instances: number;
  readonly latency: LatencySnapshot;
}

/** Microseconds from sending to handling, over all kernels. Percentiles can't be added up: see each kernel's. */
export interface TotalLatency {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly maxUs: number;
}

export interface RuntimeSummary {
  readonly backend: string;
  /** Id of the device. */
  readonly device: string;
  /** Those that have not ended. */
  readonly kernels: readonly KernelSummary[];
  /** Of all kernels there ever were, as is the rest. */
  readonly counts: MessageCounts;
  /** By every reason, also those of replies and events. */
  readonly deadLetteredByReason: Readonly<Record<DeadLetterReason, number>>;
  readonly latency: TotalLatency;
  readonly launched: number;
  readonly uptimeMs: number;
}

export function countsOf(counters: KernelCounters): MessageCounts {
  const { sent, handled, rejected, pending } = counters;
  const deadLettered = inputReasons.reduce((sum, why) => sum + counters.deadLettered[why], 0);
  return { sent, handled, rejected, deadLettered, pending };
}

/** Adds up the counters of kernels. */
export class Totals {
  readonly #counts = { sent: 0, handled: 0, rejected: 0, deadLettered: 0, pending: 0 };
  readonly #byReason: Record<DeadLetterReason, number>;
  #latencyCount = 0;
  #latencySumUs = 0;
  #minUs = Number.POSITIVE_INFINITY;
  #maxUs = 0;

  constructor() {
    const none = deadLetterReasons.map((reason) => [reason, 0] as const);
    this.#byReason = Object.fromEntries(none) as Record<DeadLetterReason, number>;
  }

  add(counters: KernelCounters): void {
    const counts = countsOf(counters);
    this.#counts.sent += counts.sent;
    this.#counts.handled += counts.handled;
    this.#counts.rejected += counts.rejected;
    this.#counts.deadLettered += counts.deadLettered;
    this.#counts.pending += counts.pending;
    for (const reason of deadLetterReasons) {
      this.#byReason[reason] += counters.deadLettered[reason];
    }
    const { count, meanUs, minUs, maxUs } = counters.latency;
    if (count === 0) return;
    this.#latencyCount += count;
    this.#latencySumUs += count * meanUs;
    this.#minUs = Math.min(this.#minUs, minUs);
    this.#maxUs = Math.max(this.#maxUs, maxUs);
  }

  /** One message that was sent and refused. */
  refuse(): void {
    this.#counts.sent++;
    this.#counts.rejected++;
  }

  counts(): MessageCounts {
    return { ...this.#counts };
  }

  deadLetteredByReason(): Readonly<Record<DeadLetterReason, number>> {
    return { ...this.#byReason };
  }

  latency(): TotalLatency {
    const count = this.#latencyCount;
    if (count === 0) return { count, minUs: 0, meanUs: 0, maxUs: 0 };
    return { count, minUs: this.#minUs, meanUs: this.#latencySumUs / count, maxUs: this.#maxUs };
  }

  /** These totals and those counters together. */
  with(more: Iterable<KernelCounters>): Totals {
    const sum = new Totals();
    for (const key of Object.keys(this.#counts) as (keyof MessageCounts)[]) {
      sum.#counts[key] = this.#counts[key];
    }
    Object.assign(sum.#byReason, this.#byReason);
    sum.#latencyCount = this.#latencyCount;
    sum.#latencySumUs = this.#latencySumUs;
    sum.#minUs = this.#minUs;
    sum.#maxUs = this.#maxUs;
    for (const counters of more) sum.add(counters);
    return sum;
  }
}
