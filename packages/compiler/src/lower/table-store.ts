import { scalarBytes } from '@ringkernel/core';
import type { Module, Storage } from '../ir/types.ts';
import { bigints, decide, type Type } from '../types/index.ts';

/** A captured array on its way to constant memory. */
export interface TableDraft {
  readonly index: number;
  readonly name: string;
  /** In row-major order. */
  readonly values: readonly (number | bigint)[];
  /** Lengths of the dimensions, outermost first. */
  readonly lengths: readonly number[];
  readonly type: Type;
  /** null: follows from the type. */
  readonly storage: Storage | null;
}

/** The captured arrays of one actor, each kept once. */
export class TableStore {
  readonly #drafts: TableDraft[] = [];
  readonly #known = new Map<unknown, Map<string, TableDraft>>();

  /** The table for `pattern` (`[].x` = field x of each element) of a captured value. */
  find(root: unknown, pattern: string): TableDraft | undefined {
    return this.#known.get(root)?.get(pattern);
  }

  add(root: unknown, pattern: string, draft: Omit<TableDraft, 'index'>): TableDraft {
    const table = { ...draft, index: this.#drafts.length };
    this.#drafts.push(table);
    const patterns = this.#known.get(root) ?? new Map<string, TableDraft>();
    this.#known.set(root, patterns.set(pattern, table));
    return table;
  }

  /** As in the module, with every type decided. */
  finish(): Module['tables'] {
    return this.#drafts.map((draft) => {
      const { name } = draft;
      const big = isBig(draft.type);
      const values = draft.values.map((value) => (big ? BigInt(value) : Number(value)));
      return { name, storage: storageOf(draft), values };
    });
  }
}

function isBig(type: Type): boolean {
  return bigints.includes(decide(type));
}

export function storageOf(draft: TableDraft): Storage {
  return draft.storage ?? decide(draft.type);
}

/** Bytes from one element of a dimension to the next. */
export function strideOf(draft: TableDraft, dimension: number): number {
  const inner = draft.lengths.slice(dimension + 1);
  return inner.reduce((size, length) => size * length, scalarBytes[storageOf(draft)]);
}
