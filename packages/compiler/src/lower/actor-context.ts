import type { AnyActor, Description, MessageDescriptor, ScalarName } from '@ringkernel/core';
import { describe, targetsOf } from '@ringkernel/core';
import type { DiagnosticCode, FaultCode } from '../diagnostics/codes.ts';
import { codeFrame, type Diagnostic, type SourcePosition } from '../diagnostics/compile-error.ts';
import type { FaultSite, IrFunction, Module } from '../ir/types.ts';

/** Ends the lowering of one statement after its error is noted, so that the next one's are found too. */
export class Skip extends Error {}

/** Where a node is: traced back to a file only when somebody asks. */
export interface Locator {
  /** In the handler's own text. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
  resolve(): SourcePosition;
}

type Table = Module['tables'][number];

/** Everything the functions of one actor share while they are lowered. */
export class ActorContext {
  readonly definition: AnyActor;
  readonly description: Description;
  readonly diagnostics: Diagnostic[] = [];
  readonly functions: IrFunction[] = [];
  readonly tables: Table[] = [];
  readonly sites: (FaultSite & { readonly locate: (() => SourcePosition) | null })[] = [
    { code: '', at: '', locate: null },
  ];
  readonly requires: Set<string> = new Set<string>();
  /** Helpers already lowered, by function and argument types. */
  readonly helpers: Map<unknown, Map<string, number>> = new Map();
  /** Helpers being lowered: a call to one of these is recursion. */
  readonly inProgress: { readonly fn: unknown; readonly name: string }[] = [];
  readonly #tableOf = new Map<unknown, number>();

  constructor(definition: AnyActor) {
    this.definition = definition;
    this.description = describe(definition);
  }

  report(
    code: DiagnosticCode,
    where: string,
    message: string,
    hint: string | null,
    at: Locator,
  ): void {
    const position = at.resolve();
    const frame = codeFrame(at.text, at.line, at.column);
    this.diagnostics.push({ code, message, hint, position, frame, where });
  }

  /** Numbers a place where a fault can happen. */
  site(code: FaultCode, where: string, at: Locator): number {
    this.sites.push({ code, at: `${where}:${at.line}:${at.column}`, locate: () => at.resolve() });
    return this.sites.length - 1;
  }

  /** The messages that an actor named in a `ref` takes; the actor's own for null. */
  messagesOf(target: string | null): {
    readonly name: string;
    readonly messages: readonly MessageDescriptor[];
  } {
    const { name } = this.definition;
    const other =
      target === null || target === name ? undefined : targetsOf(this.definition).get(target);
    if (other === undefined) return { name, messages: this.description.messages };
    return { name: other.name, messages: describe(other).messages };
  }

  /** Index of a captured array among the module's tables. */
  table(array: ArrayLike<number | bigint>, storage: ScalarName): number {
    const known = this.#tableOf.get(array);
    if (known !== undefined) return known;
    const index = this.tables.length;
    this.tables.push({ name: `table${index}`, storage, values: Array.from(array) });
    this.#tableOf.set(array, index);
    return index;
  }
}
