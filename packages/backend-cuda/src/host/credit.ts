import type { DeviceLaunchOptions } from '@ringkernel/core';

/** Of a kernel that always takes a message: its mailbox drops an older one instead. */
const unlimited = 0x7fff_ffff;

/** How many of the host's messages each instance may still take. What the device tells is looked at when it has run out. */
export class Credit {
  readonly #limit: number;
  /** For each instance: how many of the host's messages the device has taken in, and how many wait. */
  readonly #told: Int32Array;
  readonly #left: Int32Array;
  readonly #sentTo: Int32Array;

  constructor({ instances, onFull, queueCapacity }: DeviceLaunchOptions, told: Int32Array) {
    this.#limit = onFull === 'drop-oldest' ? unlimited : queueCapacity;
    this.#told = told;
    this.#left = new Int32Array(instances).fill(this.#limit);
    this.#sentTo = new Int32Array(instances);
  }

  has(instance: number): boolean {
    return (this.#left[instance] as number) > 0 || this.#renew(instance);
  }

  /** A message is on its way. */
  spend(instance: number): void {
    this.#left[instance] = (this.#left[instance] as number) - 1;
    this.#sentTo[instance] = ((this.#sentTo[instance] as number) + 1) | 0;
  }

  /** Looks how much of what was sent to the instance it has taken in; whether there is room again. */
  #renew(instance: number): boolean {
    const taken = Atomics.load(this.#told, 2 * instance);
    const depth = Atomics.load(this.#told, 2 * instance + 1);
    const inTransit = ((this.#sentTo[instance] as number) - taken) | 0;
    const left = this.#limit - inTransit - depth;
    this.#left[instance] = left;
    return left > 0;
  }
}
