import { bytesOf } from '../ir/leaves.ts';
import type { Expression, IrFunction, Local } from '../ir/types.ts';
import { childExpressions } from '../ir/walk.ts';
import { isPlain } from './plain.ts';
import type { SectionScope } from './scope.ts';

/** So much of the past counts: what is long ago has mostly changed. */
const recent = 16;

/** What a statement changes: a local, or bytes of the state. */
export type Change = { readonly local: number } | { readonly start: number; readonly end: number };

export interface Made {
  readonly e: Expression;
  /** The section whose rounds it was made for. */
  readonly section: SectionScope | null;
}

/** What a function computes and changes, in the order it is generated. */
export class History {
  readonly #functions: readonly IrFunction[];
  readonly #made: Made[] = [];
  readonly #changes: Change[] = [];
  readonly #names: Map<Expression, Local> = new Map();
  readonly #originals: Map<Expression, Expression> = new Map();

  constructor(functions: readonly IrFunction[]) {
    this.#functions = functions;
  }

  addExpression(e: Expression, section: SectionScope | null): void {
    if (childExpressions(e).length > 0) this.#made.push({ e, section });
  }

  addChange(change: Change): void {
    this.#changes.push(change);
  }

  addCopy(copy: Expression, original: Expression): void {
    this.#originals.set(copy, this.#original(original));
  }

  /** A local that is declared to have the value. */
  addName(e: Expression, local: Local): void {
    this.#names.set(this.#original(e), local);
  }

  /** The local that was last declared to have what this computes, though perhaps not what it computes now. */
  nameOf(e: Expression): Local | undefined {
    return this.#names.get(this.#original(e));
  }

  get recent(): readonly Made[] {
    return this.#made.slice(-recent);
  }

  /** Whether the expression reads what was changed lately. */
  hasChanged(e: Expression): boolean {
    return this.#changes.slice(-3).some((change) => this.#reads(e, change));
  }

  /** Whether a recent expression reads what the change is to. */
  isRead(change: Change): boolean {
    return this.recent.some(({ e }) => this.#reads(e, change));
  }

  #original(e: Expression): Expression {
    return this.#originals.get(e) ?? e;
  }

  #reads(e: Expression, change: Change): boolean {
    return this.#readsItself(e, change) || childExpressions(e).some((c) => this.#reads(c, change));
  }

  #readsItself(e: Expression, change: Change): boolean {
    if ('local' in change) return e.kind === 'local' && e.id === change.local;
    // What is not plain reads the state, as far as is known.
    if (e.kind === 'call') return !isPlain(this.#functions[e.fn] as IrFunction);
    if (e.kind !== 'load' || e.place.base !== 'state') return false;
    const { start, end } = bytesOf(e.place, e.place.indices);
    return start < change.end && change.start < end;
  }
}
