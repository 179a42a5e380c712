import { instanceWords } from '@ringkernel/core';
import type { KernelMemory } from '../memory/kernel-memory.ts';

/** What workers tell of each instance of a kernel, as the host reads it. */
export class InstanceWords {
  readonly words: Int32Array;
  /** Index of the first word of instance 0. */
  readonly first: number;

  constructor(memory: SharedArrayBuffer, layout: KernelMemory) {
    this.words = new Int32Array(memory);
    this.first = layout.instancesOffset >>> 2;
  }

  hasFailed(instance: number): boolean {
    return this.#read(instance, instanceWords.faultSiteWord) !== 0;
  }

  /** How many messages wait. */
  depth(instance: number): number {
    return this.#read(instance, instanceWords.depthWord);
  }

  /** It is lost with its worker, and what waited for it: nobody else writes these words now. */
  lose(instance: number): void {
    const own = this.first + instance * instanceWords.sizeWords;
    Atomics.store(this.words, own + instanceWords.faultSiteWord, 1);
    Atomics.store(this.words, own + instanceWords.depthWord, 0);
  }

  #read(instance: number, word: number): number {
    return Atomics.load(this.words, this.first + instance * instanceWords.sizeWords + word);
  }
}
