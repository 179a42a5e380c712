import { InvalidOptionError } from '@ringkernel/core';
import { globOf } from '../registry/glob.ts';

interface Route<T> {
  readonly glob: RegExp;
  readonly via: T;
}

/** Where names that are not known here lead to. The first route that matches counts. */
export class Routes<T> {
  readonly #routes: Map<string, Route<T>> = new Map();

  get size(): number {
    return this.#routes.size;
  }

  /** A pattern has one route: a new one takes the place of the old. */
  set(pattern: string, via: T): void {
    if (typeof pattern !== 'string' || pattern === '') {
      throw new InvalidOptionError('pattern', 'a text', pattern);
    }
    this.#routes.set(pattern, { glob: globOf(pattern), via });
  }

  /** False: there was none. */
  delete(pattern: string): boolean {
    return this.#routes.delete(pattern);
  }

  /** Takes out all routes that lead there. */
  deleteVia(via: T): void {
    for (const [pattern, route] of this.#routes) {
      if (route.via === via) this.#routes.delete(pattern);
    }
  }

  find(name: string): T | undefined {
    for (const { glob, via } of this.#routes.values()) {
      if (glob.test(name)) return via;
    }
    return undefined;
  }
}
