import type { AnyNode } from 'acorn';
import type { MergeOperator } from '../ir/types.ts';
import type { FunctionContext } from './function-context.ts';
import type { Path } from './value.ts';

interface Access {
  readonly path: Path;
  readonly node: AnyNode;
}

interface Store extends Access {
  /** Of `+=` and its kin: iterations may merge into one element. */
  readonly merge?: MergeOperator | undefined;
}

/** A parallel section being lowered: iterations run at the same time, so what they may touch is limited. */
export interface Section {
  /** In a `reduce` the iteration only computes a term; a scan changes from that to `parallel`. */
  kind: 'parallel' | 'reduce';
  /** What the user wrote: `ctx.parallelFor`. */
  readonly name: string;
  /** The local that counts iterations. */
  readonly index: number;
  /** Locals from here on belong to the iteration. */
  readonly fresh: number;
  readonly loads: Access[];
  readonly stores: Store[];
}

/** Which `[…]` of a path is the section's own index; -1 for none. */
function ownIndex(section: Section, path: Path): number {
  return path.indices.findIndex(
    ({ value }) => value.e.kind === 'local' && value.e.id === section.index,
  );
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).every((name, i) => name === b[i]);
}

const mergeOperators: Readonly<Record<string, MergeOperator>> = {
  '+': '+',
  '-': '+',
  '&': '&',
  '|': '|',
  '^': '^',
};

/**
 * How `path operator= x` merges what iterations do to one scalar; undefined when it is a plain write: outside of
 * sections, at the index of the iteration, or where the order of the iterations would tell.
 */
export function mergeOf(
  section: Section | null,
  path: Path,
  operator: string,
): MergeOperator | undefined {
  if (section?.kind !== 'parallel' || ownIndex(section, path) >= 0) return undefined;
  const whole = path.type.kind === 'scalar' && ['i32', 'u32'].includes(path.type.name);
  return whole ? mergeOperators[operator] : undefined;
}

/**
 * Every iteration writes at its own index, and reads what others write only there. Or it merges into what nobody
 * reads, and all in the same way.
 */
export function checkRaces(c: FunctionContext, section: Section): void {
  for (const store of section.stores) {
    const { path, node, merge } = store;
    if (merge !== undefined) checkMerge(c, section, store);
    if (merge !== undefined || ownIndex(section, path) >= 0) continue;
    const shown = c.textOf(node);
    const message = `iterations of ${section.name} run at the same time and all write '${shown}'`;
    const hint = 'write at the index of the iteration, or count with += in an i32 or u32';
    c.fail(node, 'RK3027', message, hint);
  }
  for (const load of section.loads) {
    const race = section.stores.find(
      ({ path, merge }) =>
        overlap(path.names, load.path.names) &&
        (merge !== undefined || ownIndex(section, path) !== ownIndex(section, load.path)),
    );
    if (race === undefined) continue;
    const shown = c.textOf(load.node);
    const message = `'${shown}' is read while another iteration of ${section.name} writes it`;
    c.fail(load.node, 'RK3027', message, 'write to a second array, and copy it back afterwards');
  }
}

function checkMerge(c: FunctionContext, section: Section, { path, node, merge }: Store): void {
  const other = section.stores.find(
    (store) => store.merge !== merge && overlap(store.path.names, path.names),
  );
  if (other === undefined) return;
  const message = `'${c.textOf(node)}' is changed with ${merge}= and otherwise, so the order would tell`;
  c.fail(node, 'RK3027', message, 'change it in one way only in a section');
}
