import {
  type AnyDefinition,
  type Device,
  InvalidOptionError,
  KernelAlreadyExistsError,
  KernelNotFoundError,
} from '@ringkernel/core';
import { Addresses } from './addresses.ts';
import { requireCapabilities } from './capabilities.ts';
import { type Checkpoint, checkCheckpoint, restoreStates, takeCheckpoint } from './checkpoint.ts';
import { NameTakenError } from './errors.ts';
import { KernelHandle } from './handle.ts';
import type { Images } from './images.ts';
import { Kernel, type KernelHost } from './kernel.ts';
import type { KernelSettings } from './kernel-settings.ts';
import { launchSettings } from './launch-settings.ts';
import type { LaunchOptions } from './options.ts';
import type { Registry } from './registry/registry.ts';
import type { Tenants } from './tenants/tenants.ts';

/** What launching needs of its runtime. */
export interface LauncherParts {
  readonly device: Device;
  readonly host: KernelHost;
  readonly images: Images;
  readonly registry: Registry;
  readonly tenants: Tenants;
  /** Throws why the runtime does nothing more. */
  check(operation: string): void;
}

/** Launches the kernels of a runtime, and knows those that have not ended. */
export class Launcher {
  readonly #parts: LauncherParts;
  readonly #kernels: Map<string, Kernel> = new Map();
  /** Ids of launches under way. */
  readonly #launching: Set<string> = new Set();
  readonly #handles: WeakMap<Kernel, KernelHandle> = new WeakMap();
  /** What kernels were launched with, to launch them again. */
  readonly #options: WeakMap<Kernel, LaunchOptions> = new WeakMap();
  readonly #addresses: Addresses = new Addresses();
  #launched = 0;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /** By id. */
  get kernels(): ReadonlyMap<string, Kernel> {
    return this.#kernels;
  }

  /** How many kernels there ever were. */
  get launched(): number {
    return this.#launched;
  }

  /** At an address, or at the next that is free. */
  async launch(
    definition: AnyDefinition,
    options: LaunchOptions,
    address?: number,
  ): Promise<Kernel> {
    const { device, host, images, registry, tenants, check } = this.#parts;
    check('launch');
    const image = await images.of(definition);
    check('launch');
    requireCapabilities(image, device.info);
    const { autoActivate, ...told } = launchSettings(definition.name, options);
    const { id, tenant, engagement } = told;
    const known = this.#kernels.get(id);
    if (known !== undefined) throw new KernelAlreadyExistsError(id, known.state);
    if (registry.entry(id) !== undefined) throw new NameTakenError(id);
    if (this.#launching.has(id)) throw new KernelAlreadyExistsError(id, 'created');
    const reserved = tenants.reserve(tenant, engagement);
    const limits = [...reserved.limits, ...told.flow.limits];
    this.#launching.add(id);
    let kernel: Kernel;
    try {
      const flow = { ...told.flow, limits, counted: reserved.counted };
      const baseAddress = address ?? this.#addresses.take(told.instances);
      const settings = { ...told, flow, baseAddress, tenantNumber: reserved.number };
      const launch = Kernel.launch(host, device, definition, image, settings);
      kernel = await host.room.keepAlive.during(launch);
      check('launch');
    } catch (error) {
      this.#unreserve(told);
      throw error;
    }
    await this.#admit(kernel, options);
    if (autoActivate) await kernel.activate('activate');
    return kernel;
  }

  #unreserve(settings: Pick<KernelSettings, 'id' | 'tenant' | 'engagement'>): void {
    this.#launching.delete(settings.id);
    this.#parts.tenants.unreserve(settings);
  }

  async checkpoint(): Promise<Checkpoint> {
    const launched = [...this.#kernels.values()].map((kernel) => ({
      kernel,
      options: this.#options.get(kernel) ?? {},
    }));
    const { keepAlive } = this.#parts.host.room;
    return await keepAlive.during(takeCheckpoint(launched, this.#addresses.next));
  }

  async restore(checkpoint: Checkpoint): Promise<void> {
    const { kernels, nextAddress } = checkCheckpoint(checkpoint);
    if (this.#launched > 0 || this.#launching.size > 0) {
      const wanted = 'a runtime that has launched nothing';
      throw new InvalidOptionError('checkpoint', wanted, [...this.#kernels.keys()].join(', '));
    }
    this.#addresses.next = nextAddress;
    const restored: Kernel[] = [];
    try {
      for (const { definition, options, baseAddress, states } of kernels) {
        const told = { ...options, autoActivate: false };
        const kernel = await this.launch(definition, told, baseAddress);
        restored.push(kernel);
        await restoreStates(kernel, states);
      }
      for (const [i, kernel] of restored.entries()) {
        if (kernels[i]?.active === true) await kernel.activate('activate');
      }
    } catch (error) {
      await Promise.allSettled(restored.map((kernel) => kernel.terminate(0)));
      throw error;
    }
  }

  /** Throws `KernelNotFoundError`. */
  find(id: string): Kernel {
    const kernel = this.#kernels.get(id);
    if (kernel !== undefined) return kernel;
    throw new KernelNotFoundError(id, [...this.#kernels.keys()]);
  }

  /** Always the same one. */
  handleOf(kernel: Kernel): KernelHandle {
    let handle = this.#handles.get(kernel);
    if (handle === undefined) {
      handle = new KernelHandle(kernel);
      this.#handles.set(kernel, handle);
    }
    return handle;
  }

  /** The kernel has ended, its id is free. False: it never had it. */
  end(kernel: Kernel): boolean {
    if (this.#kernels.get(kernel.id) !== kernel) return false;
    return this.#kernels.delete(kernel.id);
  }

  /**
   * It takes what was reserved for it, at once, so that nobody counts it twice. Its tenant may have too little left for
   * it, or somebody may have taken its name meanwhile: then it ends.
   */
  async #admit(kernel: Kernel, options: LaunchOptions): Promise<void> {
    const { registry, tenants } = this.#parts;
    this.#unreserve(kernel.settings);
    try {
      tenants.take(kernel);
      this.#kernels.set(kernel.id, kernel);
      registry.register(kernel.id, this.handleOf(kernel), { tags: kernel.settings.tags });
    } catch (error) {
      this.#kernels.delete(kernel.id);
      tenants.release(kernel);
      await kernel.terminate(0);
      throw error;
    }
    this.#options.set(kernel, options);
    this.#launched++;
  }
}
