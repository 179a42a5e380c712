import type { DeviceLaunchOptions } from './contract.ts';

/** Credit of a kernel that always takes a message: its mailbox drops an older one instead. */
const unlimited = 0x3fff_ffff;

/** Where the device tells of each instance how many messages of the host it has taken in, and how many wait. */
export interface CreditWords {
  readonly words: Int32Array;
  /** Index of the first of instance 0's, and words from one instance to the next. */
  readonly first: number;
  readonly stride: number;
  /** Behind the first of an instance's. */
  readonly taken: number;
  readonly depth: number;
}

/**
 * How many messages of the host each instance of a kernel may get before what the device tells is looked at again
 * (credit-based flow control).
 */
export class Credit {
  readonly #limit: number;
  readonly #told: CreditWords;
  readonly #left: Int32Array;
  readonly #sentTo: Int32Array;

  constructor({ instances, onFull, queueCapacity }: DeviceLaunchOptions, told: CreditWords) {
    this.#limit = onFull === 'drop-oldest' ? unlimited : queueCapacity;
    this.#told = told;
    this.#left = new Int32Array(instances).fill(this.#limit);
    this.#sentTo = new Int32Array(instances);
  }

  has(instance: number): boolean {
    return (this.#left[instance] as number) > 0 || this.#renew(instance);
  }

  /** A message was sent to the instance. */
  spend(instance: number): void {
    this.#left[instance] = (this.#left[instance] as number) - 1;
    this.#sentTo[instance] = ((this.#sentTo[instance] as number) + 1) | 0;
  }

  /** Nothing is under way: what was sent and not taken was lost. */
  audit(instance: number): void {
    this.#sentTo[instance] = this.#read(instance, this.#told.taken);
    this.#left[instance] = 0;
  }

  /** Looks how much of what was sent to the instance it has taken in; whether there is room again. */
  #renew(instance: number): boolean {
    const taken = this.#read(instance, this.#told.taken);
    const depth = this.#read(instance, this.#told.depth);
    const inTransit = ((this.#sentTo[instance] as number) - taken) | 0;
    const left = this.#limit - inTransit - depth;
    this.#left[instance] = left;
    return left > 0;
  }

  #read(instance: number, word: number): number {
    const { words, first, stride } = this.#told;
    return Atomics.load(words, first + instance * stride + word);
  }
}
