import {
  type AnyActor,
  type AnyDefinition,
  type Description,
  describe,
  type MessageDescriptor,
  targetsOf,
} from '@ringkernel/core';
import type { Capture } from '../capture/index.ts';
import type { DiagnosticCode, FaultCode } from '../diagnostics/codes.ts';
import type { Located } from '../diagnostics/frame.ts';
import type { LocateLine } from '../image.ts';
import type { FaultSite, IrFunction } from '../ir/types.ts';
import type { UserFunction } from '../parse/index.ts';
import type { Type } from '../types/index.ts';
import { Reads } from './reads.ts';
import { TableStore } from './table-store.ts';

/** Ends the lowering of one statement once its error is noted, so that those of the next are found too. */
export class Skip extends Error {}

/** A place in a function's text that is traced back to its file when somebody asks. */
export type Locate = () => Located;

/** An error as noted: its place is looked up at the end, for all at once. */
export interface Finding {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint: string | null;
  readonly where: string;
  readonly locate: Locate;
}

/** A helper as lowered for some argument types. */
export interface HelperInstance {
  readonly index: number;
  readonly parameters: readonly Type[];
  readonly result: Type;
}

/** What all functions of one actor share while they are lowered. */
export class ActorContext {
  readonly definition: AnyActor;
  readonly description: Description;
  readonly capture: Capture;
  readonly findings: Finding[] = [];
  readonly tables: TableStore = new TableStore();
  /** What the functions read from outside. */
  readonly reads: Reads = new Reads();
  readonly requires: Set<string> = new Set<string>();
  readonly sites: FaultSite[] = [{ code: '', at: '' }];
  /** Places of the sites, by number. */
  readonly locators: (Locate | null)[] = [null];
  readonly functions: IrFunction[] = [];
  /** Of the functions, by index. */
  readonly functionLines: LocateLine[] = [];
  readonly helpers: Map<UserFunction, HelperInstance[]> = new Map<UserFunction, HelperInstance[]>();
  /** Helpers being lowered: a call to one of them is recursion. */
  readonly inProgress: { readonly key: unknown; readonly name: string }[] = [];
  /** Helpers that do not compile: their errors are told once. */
  readonly broken: Set<unknown> = new Set<unknown>();
  readonly #endings: (() => void)[] = [];
  readonly #checks: (() => void)[] = [];

  constructor(definition: AnyActor, capture: Capture) {
    this.definition = definition;
    this.description = describe(definition);
    this.capture = capture;
  }

  /** Numbers a place where a fault can happen. */
  site(code: FaultCode, at: string, locate: Locate): number {
    this.sites.push({ code, at });
    this.locators.push(locate);
    return this.sites.length - 1;
  }

  /** The messages of the actor that a `ref` names; this actor's own for null. */
  target(name: string | null): {
    readonly name: string;
    readonly messages: readonly MessageDescriptor[];
  } {
    const own = this.definition;
    const other: AnyDefinition =
      name === null || name === own.name ? own : (targetsOf(own).get(name) ?? own);
    return { name: other.name, messages: describe(other).messages };
  }

  /** Runs when every function is lowered: then the types that nothing decided get their defaults. */
  atEnd(ending: () => void): void {
    this.#endings.push(ending);
  }

  /** Runs when all types are decided. */
  later(check: () => void): void {
    this.#checks.push(check);
  }

  finish(): void {
    for (const ending of this.#endings) attempt(ending);
    for (const check of this.#checks) attempt(check);
  }
}

/** Runs to its end or to its first error. */
export function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
  }
}
