import { NameNotFoundError, TenantMismatchError } from '../errors.ts';
import { type AnyInstanceHandle, kernelOf } from '../handle.ts';
import { destinationOf, type Target } from '../k2k/target.ts';
import type { Registry } from '../registry/registry.ts';
import type { Recipient } from './subscriber.ts';

/** A handle stays what it is; behind a name there may be another kernel each time, but not one of another tenant. */
export function recipientOf(to: Target, registry: Registry): Recipient {
  const { name, instance, handle } = destinationOf(to);
  if (handle !== undefined) {
    const found = { kernel: kernelOf(handle), instance: handle.index };
    return { follows: false, find: () => found };
  }
  const named = (): AnyInstanceHandle => {
    const entry = registry.entry(name);
    if (entry === undefined) throw new NameNotFoundError(name, registry.names);
    return entry.handle;
  };
  const first = kernelOf(named());
  return {
    follows: true,
    find: () => {
      const found = named();
      const kernel = kernelOf(found);
      if (kernel.settings.tenant !== first.settings.tenant) {
        throw new TenantMismatchError(first, kernel);
      }
      return { kernel, instance: instance ?? found.index };
    },
  };
}
