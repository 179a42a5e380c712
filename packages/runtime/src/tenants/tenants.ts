import { InvalidOptionError } from '@ringkernel/core';
import type { UndeliveredMessage } from '../dead-letters.ts';
import { type Owned, QuotaExceededError, TenantNotFoundError } from '../errors.ts';
import type { Limit } from '../flow/rate-limiter.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelSettings } from '../kernel-settings.ts';
import { kernelAt } from '../resend.ts';
import { Audit, type CrossTenantRefusal } from './audit.ts';
import {
  checkBudget,
  Engagement,
  type EngagementBudget,
  type EngagementUsage,
} from './engagement.ts';
import { MessageRate } from './message-rate.ts';
import { checkQuota, type TenantQuota } from './quota.ts';

interface Tenant {
  /** What devices know it by, from 1; never given again. */
  readonly number: number;
  readonly quota: TenantQuota;
  readonly kernels: Set<Kernel>;
  /** Shared by all its kernels. */
  readonly rate: MessageRate | undefined;
  readonly engagements: Map<string, Engagement>;
  /** Kernels that are being launched. */
  launching: number;
}

/** What a tenant may have, and has. */
export interface TenantUsage {
  readonly quota: TenantQuota;
  readonly kernels: number;
  readonly memoryBytes: number;
  /** By their names. */
  readonly engagements: Readonly<Record<string, EngagementUsage>>;
}

/** What is known of a kernel that is going to be launched. */
export interface Reservation {
  /** What devices know the tenant by; 0: none. */
  readonly number: number;
  /** Limits of all messages to the kernel. */
  readonly limits: readonly Limit[];
  /** Whether somebody asks what came from actors. */
  readonly counted: boolean;
}

/**
 * Those to whom kernels belong. Kernels of different tenants do not send to each other, on their device or through the
 * host, nor does one of a tenant and one of none; the program itself may send to all of them.
 */
export class Tenants {
  readonly #tenants: Map<string, Tenant> = new Map();
  readonly #audit: Audit = new Audit();
  #lastNumber = 0;

  get names(): readonly string[] {
    return [...this.#tenants.keys()];
  }

  /** Messages from one tenant to another that were refused. */
  get refused(): number {
    return this.#audit.total;
  }

  /** Lets kernels be launched for this tenant. Throws `InvalidOptionError`. */
  add(name: string, quota: TenantQuota = {}): void {
    if (typeof name !== 'string' || name === '' || this.#tenants.has(name)) {
      throw new InvalidOptionError('name', 'a text that is no tenant yet', name);
    }
    const checked = checkQuota(quota);
    const { messagesPerSecond: max } = checked;
    const number = ++this.#lastNumber;
    const kernels: Set<Kernel> = new Set();
    const rate = max === undefined ? undefined : new MessageRate(max, kernels);
    const engagements: Map<string, Engagement> = new Map();
    this.#tenants.set(name, { number, quota: checked, kernels, rate, engagements, launching: 0 });
  }

  /**
   * Begins a piece of work of a tenant with a budget of its own, or gives it another budget. Throws
   * `TenantNotFoundError` and `InvalidOptionError`.
   */
  engage(name: string, engagement: string, budget: EngagementBudget = {}): void {
    const { engagements } = this.#find(name);
    if (typeof engagement !== 'string' || engagement === '') {
      throw new InvalidOptionError('engagement', 'a text', engagement);
    }
    const checked = checkBudget(budget);
    const known = engagements.get(engagement);
    if (known !== undefined) known.budget = checked;
    else engagements.set(engagement, new Engagement(name, engagement, checked));
  }

  /**
   * Ends an engagement without kernels: what it used is forgotten, and its name is free. Throws `TenantNotFoundError`, and
   * `InvalidOptionError` when the tenant has no such engagement, or one of its kernels lives or is being launched.
   */
  disengage(name: string, engagement: string): void {
    const tenant = this.#find(name);
    if (engagementOf(tenant, engagement).used) {
      throw new InvalidOptionError('engagement', 'one without kernels', engagement, {
        hint: 'terminate them first',
      });
    }
    tenant.engagements.delete(engagement);
  }

  /** Takes a tenant without kernels out. */
  remove(name: string): void {
    const { kernels, launching } = this.#find(name);
    if (kernels.size + launching > 0) {
      throw new InvalidOptionError('name', 'a tenant without kernels', name, {
        hint: 'terminate them first',
      });
    }
    this.#tenants.delete(name);
  }

  /** Throws `TenantNotFoundError`. */
  usage(name: string): TenantUsage {
    const { quota, kernels, engagements } = this.#find(name);
    const used = [...engagements].map(([key, engagement]) => [key, engagement.usage()] as const);
    const memoryBytes = bytesOf(kernels);
    return { quota, kernels: kernels.size, memoryBytes, engagements: Object.fromEntries(used) };
  }

  /** The last 1,000 messages from one tenant to another that were refused, the oldest first. */
  audit(): readonly CrossTenantRefusal[] {
    return this.#audit.toArray();
  }

  /** The runtime's own: whether a message may go, and if not, that is written down. */
  mayTell(from: Owned, to: Kernel, via: CrossTenantRefusal['via']): boolean {
    const { tenant } = from.settings;
    if (tenant === to.settings.tenant) return true;
    this.#audit.add({ kernelId: from.id, tenant }, to, via);
    return false;
  }

  /** The runtime's own: an actor sent to another tenant's, and its device refused. */
  refusedOnDevice(
    { kernelId, destination }: UndeliveredMessage,
    kernels: ReadonlyMap<string, Kernel>,
  ): void {
    const to = kernelAt(kernels.values(), destination);
    const tenant = kernels.get(kernelId)?.settings.tenant;
    this.#audit.add({ kernelId, tenant }, to, 'device');
  }

  /** The runtime's own: a kernel is going to be launched. */
  reserve(name: string | undefined, engagement: string | undefined): Reservation {
    if (name === undefined) {
      if (engagement === undefined) return { number: 0, limits: [], counted: false };
      throw new InvalidOptionError('engagement', 'one of the tenant that is given', engagement);
    }
    const tenant = this.#find(name);
    const { maxKernels } = tenant.quota;
    const kernels = tenant.kernels.size + tenant.launching + 1;
    if (maxKernels !== undefined && kernels > maxKernels) {
      throw new QuotaExceededError(name, 'maxKernels', maxKernels, kernels);
    }
    const { number, rate } = tenant;
    const budget = engagement === undefined ? undefined : engagementOf(tenant, engagement);
    budget?.check();
    tenant.launching++;
    if (budget !== undefined) budget.launching++;
    const limiters = [rate, budget].filter((limiter) => limiter !== undefined);
    const limits = limiters.map((limiter) => ({ subject: `tenant '${name}'`, limiter }));
    return { number, limits, counted: rate !== undefined };
  }

  /** The runtime's own: what was reserved was taken, or the launch failed. */
  unreserve({ tenant: name, engagement }: Pick<KernelSettings, 'tenant' | 'engagement'>): void {
    if (name === undefined) return;
    const tenant = this.#find(name);
    tenant.launching--;
    if (engagement !== undefined) engagementOf(tenant, engagement).launching--;
  }

  /** The runtime's own: the kernel is there. */
  take(kernel: Kernel): void {
    const { tenant: name, engagement } = kernel.settings;
    if (name === undefined) return;
    const tenant = this.#find(name);
    const { quota, kernels } = tenant;
    const { maxMemoryBytes } = quota;
    const memoryBytes = bytesOf([...kernels, kernel]);
    if (maxMemoryBytes !== undefined && memoryBytes > maxMemoryBytes) {
      throw new QuotaExceededError(name, 'maxMemoryBytes', maxMemoryBytes, memoryBytes);
    }
    kernels.add(kernel);
    if (engagement !== undefined) engagementOf(tenant, engagement).begin(kernel);
  }

  /** The runtime's own: the kernel has ended. */
  release(kernel: Kernel): void {
    const { tenant: name, engagement } = kernel.settings;
    if (name === undefined) return;
    const tenant = this.#find(name);
    if (!tenant.kernels.delete(kernel)) return;
    tenant.rate?.end(kernel);
    if (engagement !== undefined) engagementOf(tenant, engagement).end(kernel);
  }

  #find(name: string): Tenant {
    const tenant = this.#tenants.get(name);
    if (tenant === undefined) throw new TenantNotFoundError(name, this.names);
    return tenant;
  }
}

function engagementOf({ engagements }: Tenant, name: string): Engagement {
  const found = engagements.get(name);
  if (found !== undefined) return found;
  const names = [...engagements.keys()].join(', ');
  throw new InvalidOptionError('engagement', `one of the tenant's: ${names || 'none'}`, name);
}

function bytesOf(kernels: Iterable<Kernel>): number {
  let sum = 0;
  for (const kernel of kernels) sum += kernel.counters().memoryBytes;
  return sum;
}
