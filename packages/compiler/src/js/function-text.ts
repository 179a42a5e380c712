import type { ElementSize } from '../ir/element-size.ts';
import type { IrFunction, Location, Module, ValueType } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { hoistedLocals } from '../text/scopes.ts';
import type { LibraryName } from './library.ts';
import type { Views } from './views.ts';

/** What the text of a whole program shares. */
export interface ProgramText {
  readonly module: Module;
  readonly library: Set<LibraryName>;
  /** Loops let the engine end a handler. */
  readonly interruptible: boolean;
  readonly views: Views;
  /** What is put before a statement that is to be found in its file; null without a source map. */
  readonly marker: ((fn: IrFunction, location: Location) => string) | null;
  /** The 64 lanes of the reductions over values of this type. */
  lanes(type: ValueType, array: string): string;
}

/** The text of one function while it is written: its names, and what its first lines must set up. */
export class FunctionText {
  readonly program: ProgramText;
  readonly fn: IrFunction;
  readonly #hoisted: Set<number>;
  readonly #bases = new Map<string, string>();
  #temporaries = 0;
  #labels = 0;

  constructor(program: ProgramText, fn: IrFunction) {
    this.program = program;
    this.fn = fn;
    this.#hoisted = hoistedLocals(fn);
  }

  /** The name of a library function or of a constant of it. */
  library(name: LibraryName): string {
    this.program.library.add(name);
    if (name === 'random') this.program.views.use('state', 'u32');
    return name;
  }

  /** Each round of a loop is counted where the engine may end a handler. */
  tick(): string[] {
    return this.program.interruptible ? ['if (--rounds < 1) rounds = env.tick();'] : [];
  }

  /** The lines of a statement, with its place where the program is to have a source map. */
  marked(location: Location | undefined, lines: readonly string[]): readonly string[] {
    const { marker } = this.program;
    if (marker === null || location === undefined || lines.length === 0) return lines;
    return [marker(this.fn, location) + lines[0], ...lines.slice(1)];
  }

  local(id: number): string {
    const local = this.fn.locals.find((candidate) => candidate.id === id);
    if (local === undefined) throw new RangeError(`${this.fn.name} has no local ${id}`);
    return `${identifier(local.name)}_${id}`;
  }

  typeOfLocal(id: number): ValueType {
    return this.fn.locals.find((candidate) => candidate.id === id)?.type ?? 'i32';
  }

  /** Whether the local is declared at the top of the function. */
  isHoisted(id: number): boolean {
    return this.#hoisted.has(id);
  }

  /** `let x`, or `x` when it is declared at the top. */
  declaration(id: number): string {
    return this.isHoisted(id) ? this.local(id) : `let ${this.local(id)}`;
  }

  /** A variable for an index that is used twice. */
  temporary(): string {
    return `i${this.#temporaries++}`;
  }

  /** The label of a loop's body. */
  label(): string {
    return `body${this.#labels++}`;
  }

  /** Where this instance's state starts, in elements of this size. */
  stateBase(size: ElementSize): string {
    const { start, step } = this.program.views.useState(size);
    this.#bases.set(`s${size}`, `const s${size} = ${start} + self * ${step};`);
    return `s${size}`;
  }

  /** Where the message's payload starts, in elements of this size; the header is the 64 bytes before it. */
  messageBase(size: ElementSize): string {
    const start = size === 1 ? 'header + 64' : `(header >>> ${Math.log2(size)}) + ${64 / size}`;
    this.#bases.set(`m${size}`, `const m${size} = ${start};`);
    return `m${size}`;
  }

  /** The lines before the body. Call it when the body is written. */
  preamble(): string[] {
    const bases = [...this.#bases.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const names = [...this.#hoisted].filter((id) => !this.fn.parameters.includes(id));
    const hoisted = names
      .sort((a, b) => a - b)
      .map((id) => `let ${this.local(id)} = ${zero(this.typeOfLocal(id))};`);
    const temporaries = Array.from({ length: this.#temporaries }, (_, i) => `let i${i} = 0;`);
    return [...bases.map(([, text]) => text), ...hoisted, ...temporaries];
  }
}

export function zero(type: ValueType): string {
  if (type === 'bool') return 'false';
  return type === 'i64' || type === 'u64' ? '0n' : '0';
}
