import { InvalidOptionError } from '@ringkernel/core';
import type { UndeliveredMessage } from '../dead-letters.ts';
import { type Owned, QuotaExceededError, TenantNotFoundError } from '../errors.ts';
import type { Limit } from '../flow/rate-limiter.ts';
import type { Kernel } from '../kernel.ts';
import { kernelAt } from '../resend.ts';
import { Audit, type CrossTenantRefusal } from './audit.ts';
import { MessageRate } from './message-rate.ts';
import { checkQuota, type TenantQuota } from './quota.ts';

interface Tenant {
  /** What devices know it by, from 1; never given again. */
  readonly number: number;
  readonly quota: TenantQuota;
  readonly kernels: Set<Kernel>;
  /** Shared by all its kernels. */
  readonly rate: MessageRate | undefined;
  /** Kernels that are being launched. */
  launching: number;
}

/** What a tenant may have, and has. */
export interface TenantUsage {
  readonly quota: TenantQuota;
  readonly kernels: number;
  readonly memoryBytes: number;
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
    this.#tenants.set(name, { number, quota: checked, kernels, rate, launching: 0 });
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
    const { quota, kernels } = this.#find(name);
    return { quota, kernels: kernels.size, memoryBytes: bytesOf(kernels) };
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

  /** The runtime's own: a kernel is going to be launched; its number, and the limits of all messages to it. */
  reserve(name: string | undefined): {
    readonly number: number;
    readonly limits: readonly Limit[];
  } {
    if (name === undefined) return { number: 0, limits: [] };
    const tenant = this.#find(name);
    const { maxKernels } = tenant.quota;
    const kernels = tenant.kernels.size + tenant.launching + 1;
    if (maxKernels !== undefined && kernels > maxKernels) {
      throw new QuotaExceededError(name, 'maxKernels', maxKernels, kernels);
    }
    tenant.launching++;
    const { number, rate } = tenant;
    return { number, limits: rate ? [{ subject: `tenant '${name}'`, limiter: rate }] : [] };
  }

  /** The runtime's own: what was reserved was taken, or the launch failed. */
  unreserve(name: string | undefined): void {
    if (name !== undefined) this.#find(name).launching--;
  }

  /** The runtime's own: the kernel is there. */
  take(kernel: Kernel): void {
    const { tenant: name } = kernel.settings;
    if (name === undefined) return;
    const { quota, kernels } = this.#find(name);
    const { maxMemoryBytes } = quota;
    const memoryBytes = bytesOf([...kernels, kernel]);
    if (maxMemoryBytes !== undefined && memoryBytes > maxMemoryBytes) {
      throw new QuotaExceededError(name, 'maxMemoryBytes', maxMemoryBytes, memoryBytes);
    }
    kernels.add(kernel);
  }

  /** The runtime's own: the kernel has ended. */
  release(kernel: Kernel): void {
    const { tenant: name } = kernel.settings;
    if (name === undefined) return;
    const { kernels, rate } = this.#find(name);
    if (kernels.delete(kernel)) rate?.end(kernel);
  }

  #find(name: string): Tenant {
    const tenant = this.#tenants.get(name);
    if (tenant === undefined) throw new TenantNotFoundError(name, this.names);
    return tenant;
  }
}

function bytesOf(kernels: Iterable<Kernel>): number {
  let sum = 0;
  for (const kernel of kernels) sum += kernel.counters().memoryBytes;
  return sum;
}
