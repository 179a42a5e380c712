import type { Owned } from '../errors.ts';

/** A kernel and whose it is. */
export interface TenantKernel {
  readonly kernelId: string;
  /** Undefined: it belongs to nobody. */
  readonly tenant: string | undefined;
}

/** A message from one tenant to another that was refused. */
export interface CrossTenantRefusal {
  /** Milliseconds since the Unix epoch, never going back. */
  readonly atMs: number;
  readonly from: TenantKernel;
  /** Undefined when it had ended before the host heard of a refusal on the device. */
  readonly to: TenantKernel | undefined;
  /**
   * `device`: an actor sent to the other's address. `k2k`: sent through the broker. `topics`: published where the other
   * one had subscribed.
   */
  readonly via: 'device' | 'k2k' | 'topics';
}

/** Refusals that are remembered. */
const capacity = 1_000;

/** What was refused between tenants: the last ones, and how many there were. */
export class Audit {
  readonly #refusals: CrossTenantRefusal[] = [];
  #total = 0;

  /** How many there ever were. */
  get total(): number {
    return this.#total;
  }

  add(from: TenantKernel, to: Owned | undefined, via: CrossTenantRefusal['via']): void {
    this.#total++;
    const atMs = performance.timeOrigin + performance.now();
    const receiver = to && { kernelId: to.id, tenant: to.settings.tenant };
    this.#refusals.push({ atMs, from, to: receiver, via });
    if (this.#refusals.length > capacity) this.#refusals.shift();
  }

  /** The last 1,000, the oldest first. */
  toArray(): readonly CrossTenantRefusal[] {
    return [...this.#refusals];
  }
}
