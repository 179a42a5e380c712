import type { Kernel } from '../kernel.ts';

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
  readonly to: TenantKernel;
  /** `k2k`: sent through the broker. `topics`: published where the other one had subscribed. */
  readonly via: 'k2k' | 'topics';
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

  add(from: TenantKernel, to: Kernel, via: CrossTenantRefusal['via']): void {
    this.#total++;
    const atMs = performance.timeOrigin + performance.now();
    const { id: kernelId, settings } = to;
    this.#refusals.push({ atMs, from, to: { kernelId, tenant: settings.tenant }, via });
    if (this.#refusals.length > capacity) this.#refusals.shift();
  }

  /** The last 1,000, the oldest first. */
  toArray(): readonly CrossTenantRefusal[] {
    return [...this.#refusals];
  }
}
