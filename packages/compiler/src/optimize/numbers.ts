import type { Expression, Place, Statement } from '../ir/types.ts';
import { childExpressions, childLists } from '../ir/walk.ts';
import { type Dependencies, dependsOn } from './reach.ts';

/**
 * Numbers expressions so that those that compute the same have the same number. A local that is set once, to what can't
 * change while the function runs, has the number of that.
 */
export class Numbers {
  readonly #byKey = new Map<string, number>();
  readonly #of = new Map<Expression, number>();
  readonly #dependencies: Dependencies[] = [];
  readonly #readers: ReadonlySet<number>;
  readonly #settings: ReadonlyMap<number, readonly (Expression | null)[]>;

  constructor(body: readonly Statement[], readers: ReadonlySet<number>) {
    this.#readers = readers;
    this.#settings = settingsIn(body);
  }

  of(e: Expression): number {
    const known = this.#of.get(e);
    if (known !== undefined) return known;
    const number = (e.kind === 'local' ? this.#fixed(e.id) : null) ?? this.#new(e);
    this.#of.set(e, number);
    return number;
  }

  #new(e: Expression): number {
    const parts = childExpressions(e).map((child) => this.of(child));
    const key = `${headOf(e)}(${parts.join()})`;
    const number = this.#byKey.get(key) ?? this.#byKey.size;
    this.#byKey.set(key, number);
    const inner = parts.map((part) => this.dependencies(part));
    this.#dependencies[number] ??= dependsOn(e, inner, this.#readers);
    return number;
  }

  isSetOnce(local: number): boolean {
    return this.#settings.get(local)?.length === 1;
  }

  /** The number of what a local is for ever; null when it can change. */
  #fixed(id: number): number | null {
    const [value, ...more] = this.#settings.get(id) ?? [];
    if (value === undefined || value === null || more.length > 0) return null;
    const number = this.of(value);
    const { locals, state } = this.dependencies(number);
    if (state.length > 0 || [...locals].some((local) => this.#settings.has(local))) return null;
    return number;
  }

  dependencies(number: number): Dependencies {
    return this.#dependencies[number] as Dependencies;
  }
}

/** What each local is set to, in all places; null: something that is no expression, or not always. */
function settingsIn(body: readonly Statement[]): Map<number, (Expression | null)[]> {
  const settings = new Map<number, (Expression | null)[]>();
  const set = (id: number, value: Expression | null): void => {
    settings.set(id, [...(settings.get(id) ?? []), value]);
  };
  const visit = (s: Statement): void => {
    if ('id' in s) set(s.id, s.kind === 'let' ? s.value : null);
    if ('index' in s) set(s.index, null);
    for (const list of childLists(s)) list.forEach(visit);
  };
  body.forEach(visit);
  return settings;
}

/** All of an expression but its children. */
function headOf(e: Expression): string {
  switch (e.kind) {
    case 'const':
      return `const ${e.type} ${Object.is(e.value, -0) ? '-0' : e.value}`;
    case 'local':
      return `local ${e.id}`;
    case 'load':
      return `load ${placeHead(e.place)}`;
    case 'binary':
    case 'unary':
      return `${e.kind} ${e.type} ${e.op}`;
    case 'math':
    case 'call':
      return `${e.kind} ${e.type} ${e.fn}`;
    default:
      return `${e.kind} ${e.type}`;
  }
}

function placeHead({ base, table, storage, offset, indices }: Place): string {
  const steps = indices.map(({ stride, length }) => `${stride}x${length}`);
  return `${base} ${table ?? ''} ${storage} ${offset} ${steps.join()}`;
}
