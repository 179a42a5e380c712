import { type AnyDefinition, InstanceNotFoundError, KernelTerminatedError } from '@ringkernel/core';
import type { AnyKernelHandle } from '../handle.ts';
import { kernelOf } from '../handle.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelEvent } from '../kernel-event.ts';
import type { LaunchOptions } from '../options.ts';
import type { Child, ChildWatcher } from './child.ts';
import type { RestartKind, RestartState } from './options.ts';

/** How a kernel under supervision is made and treated. */
export interface KernelChildSettings {
  readonly definition: AnyDefinition;
  readonly launch: LaunchOptions;
  readonly restart: RestartKind;
  readonly restartState: RestartState;
}

export type Launch = (
  definition: AnyDefinition,
  options: LaunchOptions,
) => Promise<AnyKernelHandle>;

/** A kernel under supervision. */
export class KernelChild implements Child {
  readonly name: string;
  readonly restart: RestartKind;
  handle: AnyKernelHandle | undefined;
  readonly #settings: KernelChildSettings;
  readonly #launch: Launch;
  readonly #watcher: ChildWatcher;
  /** State of each instance in the last checkpoint. */
  #checkpoint: readonly Uint8Array[] = [];
  #stopping = false;

  constructor(settings: KernelChildSettings, launch: Launch, watcher: ChildWatcher) {
    this.name = settings.launch.id ?? settings.definition.name;
    this.restart = settings.restart;
    this.#settings = settings;
    this.#launch = launch;
    this.#watcher = watcher;
  }

  get running(): boolean {
    return this.handle !== undefined;
  }

  async start(): Promise<void> {
    const { definition, launch } = this.#settings;
    this.#stopping = false;
    this.handle = await this.#launch(definition, launch);
    const kernel = kernelOf(this.handle);
    kernel.observers.add((event) => this.#observe(kernel, event));
    kernel.failFrom = (error) => this.#watcher.failed(this, error);
  }

  /** Only the instance that failed; all when the restart is about the child as a whole. */
  async renew(instance?: number): Promise<void> {
    const { handle } = this;
    if (handle === undefined) {
      await this.start();
      if (this.#settings.restartState === 'checkpoint') await this.#renew([]);
      this.#watcher.changed(this, { kind: 'relaunched' });
      return;
    }
    await this.#renew(instance === undefined ? [] : [instance]);
  }

  stillFailed(instance?: number): boolean {
    if (this.handle === undefined) return false; // its end is another matter
    return instance === undefined || kernelOf(this.handle).instances.hasFailed(instance);
  }

  async stop(timeoutMs: number): Promise<void> {
    const { handle } = this;
    this.#stopping = true;
    if (handle === undefined) return;
    this.handle = undefined;
    await handle.terminate({ timeoutMs });
  }

  async checkpoint(): Promise<void> {
    const { handle } = this;
    if (handle === undefined || this.#settings.restartState !== 'checkpoint') return;
    const kernel = kernelOf(handle);
    // What a failed instance left behind is no state to start from: it keeps the one before.
    const states = Array.from({ length: handle.maxInstances }, async (_, instance) => {
      if (!kernel.instances.lives(instance)) return undefined;
      const bytes = await kernel.population.readBytes(instance);
      return kernel.instances.hasFailed(instance) ? this.#checkpoint[instance] : bytes;
    });
    this.#checkpoint = (await Promise.all(states)).map((bytes) => bytes ?? new Uint8Array(0));
  }

  /** Restarts these instances, or all. */
  async #renew(some: readonly number[]): Promise<void> {
    const kernel = kernelOf(this.handle as AnyKernelHandle);
    const renewed = some.length > 0 ? some : kernel.instances.indexes;
    try {
      await Promise.all(renewed.map((i) => this.#renewOne(kernel, i)));
    } catch (error) {
      if (error instanceof KernelTerminatedError) return; // that it ended will be told
      throw error;
    }
    this.#watcher.changed(this, { kind: 'restarted', instances: renewed });
  }

  async #renewOne(kernel: Kernel, instance: number): Promise<void> {
    try {
      await this.#restartOne(kernel, instance);
    } catch (error) {
      if (!(error instanceof InstanceNotFoundError)) throw error; // it has retired meanwhile
    }
  }

  async #restartOne(kernel: Kernel, instance: number): Promise<void> {
    if (this.#settings.restartState !== 'last-good') {
      await kernel.population.restartFrom(instance, this.#startOf(instance));
    } else if (kernel.instances.hasFailed(instance)) {
      // Nothing is handled between these two: the instance has failed.
      await kernel.population.restartFrom(instance, await kernel.population.readBytes(instance));
    }
  }

  #startOf(instance: number): Uint8Array | null {
    const bytes = this.#checkpoint[instance];
    return bytes === undefined || bytes.length === 0 ? null : bytes;
  }

  #observe(kernel: Kernel, event: KernelEvent): void {
    if (this.#stopping || this.handle === undefined || kernelOf(this.handle) !== kernel) return;
    if (event.kind === 'failed') this.#watcher.failed(this, event.error, event.instance);
    else if (event.kind === 'terminated') {
      this.handle = undefined;
      this.#watcher.ended(this);
    } else if (event.kind === 'lost') this.#watcher.lost(event.error);
  }
}
