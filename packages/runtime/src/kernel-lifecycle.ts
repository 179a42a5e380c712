import {
  assertTransition,
  type DeviceKernel,
  InstanceNotFoundError,
  type KernelState,
  KernelTerminatedError,
  type RingKernelError,
} from '@ringkernel/core';
import type { Calls } from './calls.ts';
import type { Correlations } from './correlations.ts';
import { EndWaiting } from './end-waiting.ts';
import { KernelFailedError } from './errors.ts';
import type { KernelFault } from './faults.ts';
import type { Instances } from './instances.ts';
import type { KernelCounts } from './kernel-counts.ts';
import type { KernelEvent } from './kernel-event.ts';
import type { Ending, ReceiveWaiting } from './reception.ts';
import type { WaitingRoom } from './waiting.ts';

/** Faults that are remembered. */
const faultCapacity = 1_000;

/** What the life of a kernel is about. */
export interface LifecycleParts {
  readonly id: string;
  readonly room: WaitingRoom;
  readonly calls: Calls;
  readonly device: DeviceKernel;
  readonly counts: KernelCounts;
  readonly instances: Instances;
  readonly correlations: Correlations;
  readonly receivers: ReadonlySet<ReceiveWaiting>;
  onFault(fault: KernelFault): void;
  /** It has terminated, its id is free. */
  onEnd(): void;
}

/** The state of a kernel, how it changes, and who is told. */
export class KernelLifecycle {
  /** Who hears of each event. They must not throw. */
  readonly observers: Set<(event: KernelEvent) => void> = new Set();
  readonly #parts: LifecycleParts;
  readonly #faults: KernelFault[] = [];
  readonly #endWaits: Set<EndWaiting> = new Set();
  readonly #launchedMs: number = performance.now();
  #endedMs: number | undefined;
  #state: KernelState = 'launched';
  #ending: Ending | undefined;
  #lost: RingKernelError | undefined;
  #terminating: Promise<{ readonly drained: boolean }> | undefined;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  get state(): KernelState {
    return this.#state;
  }

  /** Set once nothing more will come from it. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The last faults, the oldest first. */
  get faults(): readonly KernelFault[] {
    return [...this.#faults];
  }

  get uptimeMs(): number {
    return (this.#endedMs ?? performance.now()) - this.#launchedMs;
  }

  /** The event after which none comes. */
  get last(): KernelEvent | undefined {
    if (this.#lost !== undefined) return { kind: 'lost', error: this.#lost };
    return this.#state === 'terminated' ? { kind: 'terminated' } : undefined;
  }

  async activate(operation: 'activate' | 'reactivate'): Promise<void> {
    await this.#change(operation, () => this.#parts.device.activate());
  }

  async deactivate(): Promise<void> {
    await this.#change('deactivate', () => this.#parts.device.deactivate());
  }

  /** Said several times, the first one's time-out counts. */
  async terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    this.#state = assertTransition(this.#parts.id, 'terminate', this.#state);
    this.#terminating ??= this.#terminate(timeoutMs);
    return await this.#terminating;
  }

  /** Resolves when the kernel has terminated; rejects when its device is lost before that. */
  ended(): Promise<void> {
    if (this.#state === 'terminated') return Promise.resolve();
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { room, id } = this.#parts;
    const waiting = new EndWaiting(room, id, (left) => this.#endWaits.delete(left));
    this.#endWaits.add(waiting);
    waiting.start({ timeoutMs: Number.POSITIVE_INFINITY, signal: undefined });
    return waiting.promise;
  }

  /** Throws what its device was lost with. */
  checkThere(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** The same, and `KernelTerminatedError` when it has ended or is about to. */
  checkRuns(operation: string): void {
    this.checkThere();
    if (this.#terminating !== undefined) throw new KernelTerminatedError(this.#parts.id, operation);
  }

  /** Why nothing is taken for this instance. */
  closedError(operation: string, instance: number): Error {
    const { id, instances } = this.#parts;
    if (this.#lost !== undefined) return this.#lost;
    if (this.#state === 'failed') {
      return new KernelFailedError(id, operation, this.#faults.at(-1)?.error);
    }
    const runs = this.#terminating === undefined;
    if (runs && !instances.lives(instance)) {
      return new InstanceNotFoundError(id, instance, operation);
    }
    return new KernelTerminatedError(id, operation);
  }

  tell(event: KernelEvent): void {
    for (const observe of [...this.observers]) observe(event);
  }

  /** A kernel that had failed may have sound instances again. */
  followDevice(): void {
    const { device } = this.#parts;
    if (this.#state !== 'failed' || device.state === 'failed') return;
    this.#state = device.state;
    this.#ending = undefined;
  }

  /** An instance has failed, and with the last sound one the kernel. */
  fault(fault: KernelFault): void {
    const { id, device, instances, receivers } = this.#parts;
    this.#faults.push(fault);
    if (this.#faults.length > faultCapacity) this.#faults.shift();
    instances.fail(fault.instance);
    this.#parts.onFault(fault);
    this.tell({ kind: 'failed', instance: fault.instance, error: fault.error });
    if (device.state !== 'failed' || this.#state === 'terminating') return;
    this.#state = 'failed';
    const error = (operation: string) => new KernelFailedError(id, operation, fault.error);
    const ending = { graceful: false, error };
    this.#ending ??= ending;
    for (const receiver of receivers) receiver.end(ending);
  }

  /** The device is gone. */
  lose(error: RingKernelError): void {
    if (this.#state === 'terminated') return;
    this.#state = 'failed';
    this.#lost = error;
    this.#end({ graceful: false, error: () => error });
    for (const waiting of this.#endWaits) waiting.fail(error);
    this.tell({ kind: 'lost', error });
  }

  async #change(
    operation: 'activate' | 'reactivate' | 'deactivate',
    action: () => Promise<void>,
  ): Promise<void> {
    this.checkThere();
    const { id, room } = this.#parts;
    const next = assertTransition(id, operation, this.#state);
    const before = this.#state;
    await room.keepAlive.during(action());
    if (this.#state === before) this.#state = next;
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const { id, room, device, counts, onEnd } = this.#parts;
    try {
      const result = await room.keepAlive.during(device.terminate(timeoutMs));
      counts.close();
      this.#state = 'terminated';
      this.#endedMs = performance.now();
      this.#end({ graceful: true, error: (operation) => new KernelTerminatedError(id, operation) });
      onEnd();
      for (const waiting of this.#endWaits) waiting.succeed();
      this.tell({ kind: 'terminated' });
      return result;
    } catch (error) {
      this.#state = 'failed';
      this.#terminating = undefined;
      throw error;
    }
  }

  /** Nothing more comes from this kernel: whoever waits for it is told. The first ending is the one that counts. */
  #end(ending: Ending): void {
    this.#ending ??= ending;
    const { error } = ending;
    const { id, calls, receivers, correlations } = this.#parts;
    calls.failAll(({ type }) => error(`call ${type.name}`), id);
    for (const receiver of receivers) receiver.end(ending);
    correlations.failAll(error('reply'));
  }
}
