import {
  type DeviceLaunchOptions,
  type KernelState,
  KernelTerminatedError,
  Roster,
} from '@ringkernel/core';
import type { InstanceWords } from './instance-words.ts';

/** The state of a kernel, and which of its instances live and have failed: they decide whether it has. */
export class Lifecycle {
  state: KernelState = 'launched';
  readonly roster: Roster;
  readonly #options: DeviceLaunchOptions;
  readonly #told: InstanceWords;
  /** What the kernel was when its last sound instance failed. */
  #before: KernelState = 'active';

  constructor(options: DeviceLaunchOptions, told: InstanceWords) {
    this.#options = options;
    this.#told = told;
    this.roster = new Roster(options);
  }

  /** Whether messages may be sent to it: it is not about to end, and not failed. */
  get open(): boolean {
    return this.state === 'active' || this.state === 'launched' || this.state === 'deactivated';
  }

  /** Whether messages to a failed instance wait for its restart. Then the kernel never fails. */
  get holds(): boolean {
    return this.#options.onFailure === 'wait';
  }

  /** What it is, or was before it failed. */
  get sound(): KernelState {
    return this.state === 'failed' ? this.#before : this.state;
  }

  takes(instance: number): boolean {
    return this.open && this.roster.lives(instance);
  }

  /** Throws `KernelTerminatedError` when it has ended or is about to. */
  checkRuns(operation: string): void {
    if (this.open || this.state === 'failed') return;
    throw new KernelTerminatedError(this.#options.id, operation);
  }

  /** Looks whether the instance is failed now, which decides about the kernel: a fault may be old news. */
  recount(instance: number): void {
    if (this.#told.hasFailed(instance)) this.roster.fail(instance);
    else this.roster.recover(instance);
    if (this.holds) return;
    if (!this.roster.allFailed) this.recover();
    else if (this.open) {
      this.#before = this.state;
      this.state = 'failed';
    }
  }

  /** It has a sound instance again, or none that has failed. */
  recover(): void {
    this.state = this.sound;
  }

  /** Nothing of it runs any more. */
  end(): void {
    if (this.state !== 'failed') this.state = 'terminated';
  }
}
