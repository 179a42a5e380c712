import { type Leaf, leavesOf } from '../ir/leaves.ts';
import type {
  Expression,
  IrFunction,
  Local,
  MergeOperator,
  Place,
  ValueType,
} from '../ir/types.ts';

import { History } from './history.ts';

import type { ModuleSketch } from './sketch.ts';
import type { Source } from './source.ts';

const valueTypes: readonly ValueType[] = ['bool', 'i32', 'u32', 'f32', 'f64', 'i64', 'u64'];
const wholeTypes: readonly ValueType[] = ['bool', 'i32', 'u32', 'i64', 'u64'];

export type ScopeLeaf = {
  readonly base: Place['base'];
  readonly table?: number;
  readonly leaf: Leaf;
};

/** A section whose rounds may run at the same time, and so have to keep out of each other's way. */
export interface SectionScope {
  readonly index: Local;
  /** Locals from here on belong to a round. */
  readonly first: number;
  /** Leaves that are read and written at the round's own index, which is that of this dimension. */
  readonly own: ReadonlyMap<ScopeLeaf, number>;
  /** Leaves that all rounds merge into, and none reads. */
  readonly merged: ReadonlyMap<ScopeLeaf, MergeOperator>;
}

/** What a function that is being generated can see. */
export class Scope {
  readonly source: Source;
  readonly sketch: ModuleSketch;
  /** The types of values that may be used. */
  readonly valueTypes: readonly ValueType[];
  readonly locals: Local[] = [];
  /** Functions with a lower index may be called: no recursion. */
  readonly callable: readonly IrFunction[];
  readonly leaves: ScopeLeaf[];
  /** Locals in sight, innermost last. */
  visible: Local[] = [];
  /** Locals that only a loop's own step may assign. */
  readonly fixed: Set<number> = new Set();
  /** How often the statement being generated runs, at most. */
  repeats: number = 1;
  section: SectionScope | null = null;
  readonly history: History;

  constructor(
    source: Source,
    sketch: ModuleSketch,
    message: number | null,
    callable: readonly IrFunction[],
  ) {
    this.source = source;
    this.sketch = sketch;
    this.valueTypes = sketch.floats ? valueTypes : wholeTypes;
    this.callable = callable;
    this.history = new History(callable);
    const layout = message === null ? undefined : sketch.messages[message]?.layout;
    this.leaves = [
      ...leavesOf(sketch.state).map((leaf) => ({ base: 'state' as const, leaf })),
      ...(layout === undefined ? [] : leavesOf(layout)).map((leaf) => ({
        base: 'message' as const,
        leaf,
      })),
      ...sketch.tables.map(({ name, storage, values }, table) => ({
        base: 'table' as const,
        table,
        leaf: tableLeaf(name, storage, values.length),
      })),
    ];
  }

  add(type: ValueType, name = 'v'): Local {
    const local: Local = { id: this.locals.length, name, type };
    this.locals.push(local);
    return local;
  }

  /** Runs `make` with what it declares visible only inside. */
  inside<T>(make: () => T, repeats = 1): T {
    const { visible, repeats: before } = this;
    this.visible = [...visible];
    this.repeats = before * repeats;
    try {
      return make();
    } finally {
      this.visible = visible;
      this.repeats = before;
    }
  }

  /** Runs `make` for the rounds of a section that counts with `index`. */
  insideSection<T>(index: Local, make: () => T): T {
    const own = new Map<ScopeLeaf, number>();
    const merged = new Map<ScopeLeaf, MergeOperator>();
    for (const at of this.leaves) {
      const { storage, dimensions } = at.leaf;
      if (at.base !== 'state') continue;
      if (dimensions.length > 0 && this.source.chance(50)) {
        own.set(at, this.source.below(dimensions.length));
      } else if ((storage === 'i32' || storage === 'u32') && this.source.chance(50)) {
        merged.set(at, this.source.pick(['+', '&', '|', '^'] as const));
      }
    }
    this.section = { index, first: index.id, own, merged };
    try {
      return this.inside(make, 70);
    } finally {
      this.section = null;
    }
  }

  isVisible(id: number): boolean {
    return this.visible.some((local) => local.id === id);
  }

  localsOf(type: ValueType): Local[] {
    return this.visible.filter((local) => local.type === type);
  }
}

function tableLeaf(name: string, storage: Leaf['storage'], length: number): Leaf {
  const stride = storage === 'bool' ? 1 : Number(storage.slice(1)) / 8;
  return { path: [name, '[]'], storage, offset: 0, dimensions: [{ stride, length }] };
}

export function local({ id, type }: Local): Expression {
  return { kind: 'local', id, type };
}

export function newSite(scope: Scope): number {
  const { sites } = scope.sketch;
  sites.push({ code: 'RK5001', at: `site ${sites.length}` });
  return sites.length - 1;
}
