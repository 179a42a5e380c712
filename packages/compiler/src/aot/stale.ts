import type { AnyActor } from '@ringkernel/core';
import { Capture } from '../capture/index.ts';
import type { UserFunction } from '../parse/function-source.ts';
import { textFingerprint, valueFingerprint } from './fingerprint.ts';
import { type CompiledActor, handlersOf, type OutsideValue, schemaFingerprint } from './format.ts';

/**
 * Why a definition is not what was compiled; null when it is. Values from `uses` are always compared, those that
 * handlers close over where closures can be read: under `node --permission` they are as they were when compiled.
 */
export function whyStale(definition: AnyActor, compiled: CompiledActor): string | null {
  if (compiled.schema !== schemaFingerprint(definition)) return 'its schemas have changed';
  const handlers = handlersOf(definition);
  const messages = Object.keys(definition.spec.messages);
  const changed = handlers.findIndex(
    (fn, i) => textFingerprint(String(fn)) !== compiled.handlers[i],
  );
  if (changed >= 0) return `its handler ${messages[changed]} has changed`;
  const capture = new Capture();
  try {
    return changedOutside(definition, compiled.outside, handlers, capture);
  } finally {
    capture.close();
  }
}

function changedOutside(
  definition: AnyActor,
  values: readonly OutsideValue[],
  handlers: readonly UserFunction[],
  capture: Capture,
): string | null {
  /** Handlers, then the values from outside, by their numbers; a value that can't be read is undefined. */
  const known: unknown[] = [...handlers];
  for (const { of, path, is } of values) {
    const read = readName(definition, known[of], path[0] ?? '', capture);
    const value = read === null ? undefined : memberOf(read.value, path.slice(1));
    known.push(value);
    if (read !== null && valueFingerprint(value) !== is) return `${path.join('.')} has changed`;
  }
  return null;
}

/** A name as the compiler reads it: from `uses`, then from the closure. Null where closures can't be read. */
function readName(
  { spec }: AnyActor,
  owner: unknown,
  name: string,
  capture: Capture,
): { readonly value: unknown } | null {
  const uses: Readonly<Record<string, unknown>> = spec.uses ?? {};
  if (Object.hasOwn(uses, name)) return { value: uses[name] };
  if (typeof owner !== 'function') return null;
  const closure = capture.closure(owner as UserFunction);
  if (closure === null) return null;
  const read = closure.scopes.map((scope) => scope.get(name)).find((found) => found !== undefined);
  return { value: read?.() };
}

function memberOf(value: unknown, members: readonly string[]): unknown {
  return members.reduce<unknown>(
    (object, member) => (object as Record<string, unknown> | null | undefined)?.[member],
    value,
  );
}
