import type { Session } from 'node:inspector';

/**
 * Reads a function's closure and position through V8's own inspector, in this process, without opening a port.
 * `[[Scopes]]` and `[[FunctionLocation]]` need no `Debugger.enable`; that costs 30 ms and more and is for error
 * positions only. Where there is no inspector (`node --permission`, other engines) capture is null and `uses` remains.
 */

/** What a function closes over, innermost scope first, and where it is. Values are fetched when asked for. */
export interface Captured {
  readonly scopes: readonly ReadonlyMap<string, () => unknown>[];
  readonly scriptId: string | null;
  /** Of the parameter list, 1-based, in the script that runs (before source maps). */
  readonly line: number;
  readonly column: number;
}

/** The inspector answers in loosely typed JSON. */
// biome-ignore lint/suspicious/noExplicitAny: the protocol's answers are checked where they are used.
type Answer = any;

const slotName = '__ringkernelCapture__';
type Slot = { fn: unknown; put: (value: unknown) => void; out: unknown };
type Globals = { [slotName]?: Slot };

let session: Session | null | undefined;
let contexts: (number | undefined)[] = [undefined];

function open(): Session | null {
  const builtin = (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule;
  const inspector = builtin?.('node:inspector') as typeof import('node:inspector') | undefined;
  if (inspector === undefined) return null;
  try {
    const opened = new inspector.Session();
    opened.connect();
    return opened;
  } catch {
    return null; // not permitted: the caller falls back to `uses`
  }
}

/** Sends one command; the in-process inspector answers before `post` returns. */
export function command(method: string, params: object = {}): Answer {
  if (session === undefined) session = typeof process === 'undefined' ? null : open();
  if (session === null) throw new Error('there is no inspector');
  let error: Error | null = null;
  let answer: Answer;
  session.post(method, params, (e: Error | null, a?: object) => {
    error = e;
    answer = a;
  });
  if (error !== null) throw new Error(`${method}: ${(error as Error).message}`);
  return answer;
}

export function listen(event: string, listener: (message: Answer) => void): () => void {
  const on = session as Session;
  on.on(event, listener);
  return () => on.off(event, listener);
}

/** The remote object of a property of our slot. vm contexts (vitest, jest) have a global of their own each. */
function remote(property: 'fn' | 'put'): string {
  for (let attempt = 0; attempt < 2; attempt++) {
    for (const contextId of contexts) {
      const expression = `globalThis.${slotName} && globalThis.${slotName}.${property}`;
      const { result } = command('Runtime.evaluate', {
        expression,
        ...(contextId && { contextId }),
      });
      if (result.type === 'function') return result.objectId;
    }
    if (attempt === 0) contexts = allContexts();
  }
  throw new Error('the function is in no known context');
}

function allContexts(): number[] {
  const ids: number[] = [];
  const stop = listen('Runtime.executionContextCreated', ({ params }) =>
    ids.push(params.context.id),
  );
  command('Runtime.enable');
  stop();
  command('Runtime.disable');
  return ids;
}

function unserializable(text: string): unknown {
  if (text.endsWith('n')) return BigInt(text.slice(0, -1));
  return Number(text); // -0, NaN, Infinity, -Infinity
}

function properties(objectId: string): Answer {
  return command('Runtime.getProperties', { objectId, ownProperties: true });
}

function readScope(
  objectId: string,
  fetch: (objectId: string) => unknown,
): Map<string, () => unknown> {
  const scope = new Map<string, () => unknown>();
  for (const { name, value } of properties(objectId).result) {
    if (value === undefined) continue; // not initialised yet
    if (value.objectId !== undefined) scope.set(name, () => fetch(value.objectId));
    else if (value.unserializableValue !== undefined) {
      scope.set(name, () => unserializable(value.unserializableValue));
    } else scope.set(name, () => value.value);
  }
  return scope;
}

function inspect(fn: unknown): Captured {
  const slot: Slot = {
    fn,
    out: null,
    put: (value) => {
      slot.out = value;
    },
  };
  const globals = globalThis as Globals;
  globals[slotName] = slot;
  try {
    const fnId = remote('fn');
    const putId = remote('put');
    const fetch = (objectId: string): unknown => {
      const functionDeclaration = 'function (value) { this(value); }';
      command('Runtime.callFunctionOn', {
        objectId: putId,
        functionDeclaration,
        arguments: [{ objectId }],
      });
      return slot.out;
    };
    const internal = new Map<string, Answer>();
    for (const { name, value } of properties(fnId).internalProperties ?? [])
      internal.set(name, value);
    const scopes: Map<string, () => unknown>[] = [];
    const list = internal.get('[[Scopes]]');
    for (const { name, value } of list ? properties(list.objectId).result : []) {
      if (!/^\d+$/.test(name) || /^Global/.test(value.description)) continue;
      scopes.push(readScope(value.objectId, fetch));
    }
    const at = internal.get('[[FunctionLocation]]')?.value;
    const line = (at?.lineNumber ?? 0) + 1;
    return { scopes, scriptId: at?.scriptId ?? null, line, column: (at?.columnNumber ?? 0) + 1 };
  } finally {
    delete globals[slotName];
  }
}

const captured = new WeakMap<object, Captured | null>();

/** Reads a function's closure; null where there is no inspector. */
export function capture(fn: (...args: never[]) => unknown): Captured | null {
  const known = captured.get(fn);
  if (known !== undefined) return known;
  let result: Captured | null;
  try {
    result = inspect(fn);
  } catch {
    result = null;
  }
  captured.set(fn, result);
  return result;
}
