import type { UserFunction } from '../parse/function-source.ts';
import type { Answer, Inspector } from './inspector.ts';

/** Where a function's parameters begin, in the script that runs (before source maps). 1-based. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

/** What a function closes over, innermost scope first. Values are fetched when asked for. */
export interface Closure {
  readonly scopes: readonly ReadonlyMap<string, () => unknown>[];
  readonly location: FunctionLocation | null;
}

const slotName = '__ringkernelCapture__';

/** How values pass between this code and the inspector, which knows them by id only. */
interface Slot {
  readonly fn: UserFunction;
  readonly put: (value: unknown) => void;
  value: unknown;
}

/** Reads closures through `[[Scopes]]`, which needs neither the debugger nor anybody's cooperation. */
export class ClosureReader {
  readonly #inspector: Inspector;
  /** undefined: the context the session began in. */
  #contexts: (number | undefined)[] = [undefined];

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  /** null when the function's context can't be reached. */
  read(fn: UserFunction): Closure | null {
    const slot: Slot = {
      fn,
      value: undefined,
      put: (value) => {
        slot.value = value;
      },
    };
    const globals = globalThis as { [slotName]?: Slot };
    globals[slotName] = slot;
    try {
      return this.#inspect(slot);
    } catch {
      return null;
    } finally {
      delete globals[slotName];
    }
  }

  #inspect(slot: Slot): Closure {
    const fnId = this.#remote('fn');
    const putId = this.#remote('put');
    const fetch = (objectId: string): unknown => {
      this.#inspector.command('Runtime.callFunctionOn', {
        objectId: putId,
        functionDeclaration: 'function (value) { this(value); }',
        arguments: [{ objectId }],
      });
      return slot.value;
    };
    const internal = new Map<string, Answer>();
    for (const { name, value } of this.#properties(fnId).internalProperties ?? []) {
      internal.set(name, value);
    }
    const list = internal.get('[[Scopes]]');
    const scopes: ReadonlyMap<string, () => unknown>[] = [];
    for (const { name, value } of list === undefined
      ? []
      : this.#properties(list.objectId).result) {
      if (!/^\d+$/.test(name) || /^Global/.test(value.description)) continue;
      scopes.push(this.#scope(value.objectId, fetch));
    }
    const at = internal.get('[[FunctionLocation]]')?.value;
    const location: FunctionLocation | null =
      at === undefined
        ? null
        : { scriptId: at.scriptId, line: at.lineNumber + 1, column: at.columnNumber + 1 };
    return { scopes, location };
  }

  #properties(objectId: string): Answer {
    return this.#inspector.command('Runtime.getProperties', { objectId, ownProperties: true });
  }

  #scope(objectId: string, fetch: (id: string) => unknown): ReadonlyMap<string, () => unknown> {
    const scope = new Map<string, () => unknown>();
    for (const { name, value } of this.#properties(objectId).result) {
      if (value === undefined) continue; // Declared, not initialised yet.
      if (value.objectId !== undefined) scope.set(name, () => fetch(value.objectId));
      else if (value.unserializableValue === undefined) scope.set(name, () => value.value);
      else scope.set(name, () => unserializable(value.unserializableValue));
    }
    return scope;
  }

  /** The inspector's id for a property of our slot. vm contexts (vitest, jest) have a global of their own each. */
  #remote(property: 'fn' | 'put'): string {
    for (const attempt of ['known', 'all']) {
      if (attempt === 'all') this.#contexts = this.#allContexts();
      for (const contextId of this.#contexts) {
        const expression = `globalThis.${slotName}?.${property}`;
        const { result } = this.#inspector.command('Runtime.evaluate', {
          expression,
          ...(contextId !== undefined && { contextId }),
        });
        if (result.type === 'function') return result.objectId;
      }
    }
    throw new Error('the function is in no context the inspector knows');
  }

  #allContexts(): number[] {
    const event = 'Runtime.executionContextCreated';
    const created = this.#inspector.events(event, () => {
      this.#inspector.command('Runtime.enable');
    });
    this.#inspector.command('Runtime.disable');
    return created.map(({ context }) => context.id);
  }
}

/** bigints, and the numbers that JSON does not have: -0, NaN, Infinity. */
function unserializable(text: string): unknown {
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text);
}
