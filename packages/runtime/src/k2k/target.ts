import { InvalidOptionError } from '@ringkernel/core';
import { type AnyInstanceHandle, InstanceHandle, kernelOf } from '../handle.ts';
import { checkInteger } from '../options.ts';

/** Whom a message is for: a handle; a name of the registry or of a route; or an instance of the kernel with a name. */
export type Target =
  | AnyInstanceHandle
  | string
  | { readonly name: string; readonly instance: number };

/** A target, looked at. */
export interface Destination {
  /** Of a handle the id of its kernel. */
  readonly name: string;
  /** The instance that was asked for, if one was. */
  readonly instance: number | undefined;
  readonly handle: AnyInstanceHandle | undefined;
}

/** Throws `InvalidOptionError`. */
export function destinationOf(to: Target): Destination {
  if (to instanceof InstanceHandle) {
    return { name: kernelOf(to).id, instance: to.index, handle: to };
  }
  const name = typeof to === 'string' ? to : to?.name;
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionError('to', 'a handle, a name, or { name, instance }', to);
  }
  if (typeof to === 'string') return { name, instance: undefined, handle: undefined };
  const instance = checkInteger('to.instance', to.instance, 0, 2 ** 24);
  return { name, instance, handle: undefined };
}
