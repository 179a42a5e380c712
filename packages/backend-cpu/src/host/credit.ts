import { type DeviceLaunchOptions, instanceWords } from '@ringkernel/core';

/** Credit of a kernel that always takes a message: its mailbox drops an older one instead. */
const unlimited = 0x3fff_ffff;

/** How many messages of the host each instance may get before its words are looked at again. */
export class Credit {
  readonly #limit: number;
  readonly #words: Int32Array;
  readonly #firstWord: number;
  readonly #left: Int32Array;
  readonly #sentTo: Int32Array;

  /** `words` of the kernel's memory, in which those of instance 0 begin at `firstWord`. */
  constructor(
    { instances, onFull, queueCapacity }: DeviceLaunchOptions,
    words: Int32Array,
    firstWord: number,
  ) {
    this.#limit = onFull === 'drop-oldest' ? unlimited : queueCapacity;
    this.#words = words;
    this.#firstWord = firstWord;
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
    const own = this.#firstWord + instance * instanceWords.sizeWords;
    this.#sentTo[instance] = Atomics.load(this.#words, own + instanceWords.hostTakenWord);
    this.#left[instance] = 0;
  }

  /** Looks how much of what was sent to the instance it has taken in; whether there is room again. */
  #renew(instance: number): boolean {
    const own = this.#firstWord + instance * instanceWords.sizeWords;
    const taken = Atomics.load(this.#words, own + instanceWords.hostTakenWord);
    const depth = Atomics.load(this.#words, own + instanceWords.depthWord);
    const inTransit = ((this.#sentTo[instance] as number) - taken) | 0;
    const credit = this.#limit - inTransit - depth;
    this.#left[instance] = credit;
    return credit > 0;
  }
}
