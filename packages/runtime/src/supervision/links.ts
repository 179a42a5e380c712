import { InvalidOptionError } from '@ringkernel/core';
import type { Kernel } from '../kernel.ts';
import { LinkedFailureError } from './errors.ts';

/**
 * Kernels that fail together: when an instance of one fails, each that is linked to it, also by way of others, fails as a
 * whole. Its supervisor restarts it; one that nobody supervises is terminated, and its messages are dead letters.
 */
export class Links {
  readonly #links: Map<Kernel, Set<Kernel>> = new Map();

  /** Links two kernels until the returned function is called or one of them ends. */
  link(a: Kernel, b: Kernel): () => void {
    if (a === b) throw new InvalidOptionError('handle', 'another kernel', `'${a.id}' itself`);
    this.#neighbours(a).add(b);
    this.#neighbours(b).add(a);
    return () => {
      this.#links.get(a)?.delete(b);
      this.#links.get(b)?.delete(a);
    };
  }

  #neighbours(kernel: Kernel): Set<Kernel> {
    let neighbours = this.#links.get(kernel);
    if (neighbours !== undefined) return neighbours;
    neighbours = new Set();
    this.#links.set(kernel, neighbours);
    kernel.observers.add((event) => {
      if (event.kind === 'failed') this.#failAround(kernel, event.error);
      else if (event.kind === 'terminated') this.#forget(kernel);
    });
    return neighbours;
  }

  #failAround(kernel: Kernel, cause: unknown): void {
    const reached: Set<Kernel> = new Set([kernel]);
    for (const one of reached) for (const next of this.#links.get(one) ?? []) reached.add(next);
    reached.delete(kernel);
    for (const linked of reached) {
      const error = new LinkedFailureError(linked.id, kernel.id, cause);
      if (linked.failFrom !== undefined) linked.failFrom(error);
      else linked.terminate(0).catch(() => {}); // it is ending or lost already
    }
  }

  #forget(kernel: Kernel): void {
    for (const neighbour of this.#links.get(kernel) ?? [])
      this.#links.get(neighbour)?.delete(kernel);
    this.#links.delete(kernel);
  }
}
