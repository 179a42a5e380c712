import type { KernelCounters } from '@ringkernel/core';
import { QuotaExceededError } from '../errors.ts';
import type { RateLimiter } from '../flow/rate-limiter.ts';
import { checkInteger, checkNames } from '../options.ts';

/** How long the counters of the kernels are not read again. */
const lookMs = 10;

/** What an engagement may use up in all. What is left out is not limited. */
export interface EngagementBudget {
  /** Messages to its kernels: those of the host, and those of actors. */
  readonly maxMessages?: number;
  /** Milliseconds that handlers of its kernels run. */
  readonly maxBusyMs?: number;
}

/** What an engagement may use up, and has. */
export interface EngagementUsage {
  readonly budget: EngagementBudget;
  /** Kernels that have not ended. */
  readonly kernels: number;
  readonly messages: number;
  readonly busyMs: number;
}

/** Something that uses a budget up. */
export interface Spender {
  counters(): Pick<KernelCounters, 'sent' | 'rejected' | 'busyMs'>;
  /** Messages of the host that wait for room: no longer free, and not yet sent. */
  readonly outbound: { readonly waiting: number };
}

/** A frozen copy. Throws `InvalidOptionError`. */
export function checkBudget(budget: EngagementBudget): EngagementBudget {
  checkNames(budget, ['maxMessages', 'maxBusyMs'], 'budget');
  const { maxMessages, maxBusyMs } = budget;
  if (maxMessages !== undefined) checkInteger('maxMessages', maxMessages, 0, 2 ** 50);
  if (maxBusyMs !== undefined) checkInteger('maxBusyMs', maxBusyMs, 0, 2 ** 50);
  return Object.freeze({ ...budget });
}

/** A piece of work of a tenant with a budget of its own. What its kernels did counts also when they have ended. */
export class Engagement implements RateLimiter {
  budget: EngagementBudget;
  /** Kernels that are being launched for it. */
  launching = 0;
  readonly #tenant: string;
  readonly #name: string;
  readonly #kernels: Set<Spender> = new Set();
  readonly #ended = { messages: 0, busyMs: 0 };
  #seen = { messages: 0, busyMs: 0 };
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Messages of the host since the last look: mailboxes may have refused some of them. */
  #taken = 0;

  constructor(tenant: string, name: string, budget: EngagementBudget) {
    this.#tenant = tenant;
    this.#name = name;
    this.budget = budget;
  }

  /** Whether some kernel may still use it up. */
  get used(): boolean {
    return this.#kernels.size + this.launching > 0;
  }

  usage(): EngagementUsage {
    return { budget: this.budget, kernels: this.#kernels.size, ...this.#spent() };
  }

  begin(kernel: Spender): void {
    this.#kernels.add(kernel);
  }

  end(kernel: Spender): void {
    if (!this.#kernels.delete(kernel)) return;
    const { messages, busyMs } = spentBy(kernel);
    this.#ended.messages += messages;
    this.#ended.busyMs += busyMs;
  }

  /** 0, or for ever: what was used up does not come back. */
  waitMs(nowMs: number): number {
    const guessed = this.#taken > 0 && this.exceeded() !== undefined;
    if (guessed || nowMs - this.#lookedMs >= lookMs) this.#look(nowMs);
    return this.exceeded() === undefined ? 0 : Number.POSITIVE_INFINITY;
  }

  take(): void {
    this.#taken++;
  }

  /** Which budget is used up by what was seen of it, if one is. */
  exceeded(): QuotaExceededError | undefined {
    const { maxMessages = Number.POSITIVE_INFINITY, maxBusyMs = Number.POSITIVE_INFINITY } =
      this.budget;
    const { busyMs } = this.#seen;
    const messages = this.#seen.messages + this.#taken;
    if (messages >= maxMessages) return this.#error('maxMessages', maxMessages, messages + 1);
    return busyMs >= maxBusyMs ? this.#error('maxBusyMs', maxBusyMs, busyMs) : undefined;
  }

  /** Throws `QuotaExceededError` when nothing is left for another kernel. */
  check(): void {
    this.#look(this.#lookedMs);
    const error = this.exceeded();
    if (error !== undefined) throw error;
  }

  #look(nowMs: number): void {
    this.#lookedMs = nowMs;
    this.#seen = this.#spent();
    this.#taken = 0;
  }

  #spent(): { messages: number; busyMs: number } {
    const sum = { ...this.#ended };
    for (const kernel of this.#kernels) {
      const { messages, busyMs } = spentBy(kernel);
      sum.messages += messages + kernel.outbound.waiting;
      sum.busyMs += busyMs;
    }
    return sum;
  }

  #error(budget: keyof EngagementBudget, limit: number, wanted: number): QuotaExceededError {
    const quota = `${budget} of engagement '${this.#name}'`;
    return new QuotaExceededError(this.#tenant, quota, limit, wanted);
  }
}

function spentBy(kernel: Spender): { messages: number; busyMs: number } {
  const { sent, rejected, busyMs } = kernel.counters();
  return { messages: sent - rejected, busyMs };
}
