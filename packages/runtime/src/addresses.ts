import { InvalidOptionError } from '@ringkernel/core';

/** The largest address, and the most rounds that are run at once. */
export const maxAddress: number = 2 ** 32 - 1;
/** Addresses are handed out in pages, so that the kernel of an address is found by a table. */
const pageAddresses = 64;

/** Hands addresses out; none is ever given twice. */
export class Addresses {
  /** The first that nobody had. */
  next: number = pageAddresses;

  /** The first of so many. Throws `InvalidOptionError` when there are no more. */
  take(count: number): number {
    const first = this.next;
    const next = first + Math.ceil(count / pageAddresses) * pageAddresses;
    if (next > maxAddress) {
      throw new InvalidOptionError('instances', `at most ${maxAddress - first}`, count, {
        hint: 'the addresses of this runtime are used up: create another one',
      });
    }
    this.next = next;
    return first;
  }
}
