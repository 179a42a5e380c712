import type { AnyNode } from 'acorn';
import type { FunctionContext } from './function-context.ts';
import type { Path } from './value.ts';

interface Access {
  readonly path: Path;
  readonly node: AnyNode;
}

/** A parallel section being lowered: iterations run at the same time, so what they may touch is limited. */
export interface Section {
  readonly kind: 'parallel' | 'reduce';
  /** What the user wrote: `ctx.parallelFor`. */
  readonly name: string;
  /** The local that counts iterations. */
  readonly index: number;
  /** Locals from here on belong to the iteration. */
  readonly fresh: number;
  readonly loads: Access[];
  readonly stores: Access[];
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

/** Every iteration writes at its own index, and reads what others write only there. */
export function checkRaces(c: FunctionContext, section: Section): void {
  for (const { path, node } of section.stores) {
    if (ownIndex(section, path) >= 0) continue;
    const shown = c.textOf(node);
    const message = `iterations of ${section.name} run at the same time and all write '${shown}'`;
    c.fail(node, 'RK3027', message, 'write only array elements at the index of the iteration');
  }
  for (const load of section.loads) {
    const race = section.stores.find(
      ({ path }) =>
        overlap(path.names, load.path.names) &&
        ownIndex(section, path) !== ownIndex(section, load.path),
    );
    if (race === undefined) continue;
    const shown = c.textOf(load.node);
    const message = `'${shown}' is read while another iteration of ${section.name} writes it`;
    c.fail(load.node, 'RK3027', message, 'write to a second array, and copy it back afterwards');
  }
}
