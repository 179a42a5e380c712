import { InstanceNotFoundError } from '../errors/kernel.ts';
import { InvalidOptionError } from '../errors/operation.ts';
import type { DeviceLaunchOptions } from './contract.ts';

/** Of which kernel, how many there is room for, and how many of these live. */
export type RosterOptions = Pick<DeviceLaunchOptions, 'id' | 'instances' | 'living'>;

/** Which instances of a kernel live, and which of these have failed. */
export class Roster {
  readonly #kernelId: string;
  /** A byte for each index: 1 where somebody lives, 2 where somebody is about to. */
  readonly #lives: Uint8Array;
  readonly #failed: Set<number> = new Set();
  #living: number;

  constructor({ id, instances, living = instances }: RosterOptions) {
    this.#kernelId = id;
    this.#lives = new Uint8Array(instances).fill(1, 0, living);
    this.#living = living;
  }

  /** How many live. */
  get living(): number {
    return this.#living;
  }

  /** Those that have failed. */
  get failed(): ReadonlySet<number> {
    return this.#failed;
  }

  /** Whether there are instances, and all of them have failed. */
  get allFailed(): boolean {
    return this.#living > 0 && this.#failed.size === this.#living;
  }

  lives(instance: number): boolean {
    return this.#lives[instance] === 1;
  }

  hasFailed(instance: number): boolean {
    return this.#failed.has(instance);
  }

  /** Throws `InstanceNotFoundError` where nobody lives. */
  check(instance: number, operation: string): void {
    if (this.lives(instance)) return;
    throw new InstanceNotFoundError(this.#kernelId, instance, operation);
  }

  /** Runs what makes an instance begin there, and nobody else meanwhile. Rejects with `InvalidOptionError`. */
  async beginAfter(instance: number, action: () => Promise<unknown>): Promise<void> {
    if (this.#lives[instance] !== 0) {
      throw new InvalidOptionError('instance', 'an index where nobody lives', instance);
    }
    this.#lives[instance] = 2;
    try {
      await action();
    } catch (error) {
      this.#lives[instance] = 0;
      throw error;
    }
    this.begin(instance);
  }

  begin(instance: number): void {
    this.#lives[instance] = 1;
    this.#living++;
  }

  end(instance: number): void {
    this.#lives[instance] = 0;
    this.#living--;
    this.#failed.delete(instance);
  }

  fail(instance: number): void {
    if (this.lives(instance)) this.#failed.add(instance);
  }

  recover(instance: number): void {
    this.#failed.delete(instance);
  }
}
