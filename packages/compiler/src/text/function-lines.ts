import type { IrFunction, Location, Module, ValueType } from '../ir/types.ts';
import { identifier } from './identifier.ts';
import { hoistedLocals } from './scopes.ts';

/** What the text of a whole module shares, in any language of lines. */
export interface SharedText {
  readonly module: Module;
  /** Names of the library functions that are used. */
  readonly library: Set<string>;
}

/** The lines of one function while they are written, and the names in it. */
export class FunctionLines<P extends SharedText> {
  readonly program: P;
  readonly fn: IrFunction;
  readonly #hoisted: Set<number>;
  #lines: string[] = [];
  #temporaries = 0;
  #line = 0;

  constructor(program: P, fn: IrFunction) {
    this.program = program;
    this.fn = fn;
    this.#hoisted = hoistedLocals(fn);
  }

  line(...text: readonly string[]): void {
    this.#lines.push(...text);
  }

  /** The lines that `write` adds, indented, instead of adding them. */
  block(write: () => void): string[] {
    const outer = this.#lines;
    this.#lines = [];
    write();
    const inner = this.#lines.map((line) => (line === '' ? line : `  ${line}`));
    this.#lines = outer;
    return inner;
  }

  /** Tells the place in the handler's own text that the following lines are of, when it is on another line. */
  mark(location: Location | undefined): void {
    if (location === undefined || location.line === this.#line) return;
    this.#line = location.line;
    this.line(`// ${identifier(this.fn.name)}:${location.line}:${location.column}`);
  }

  /** A function of its own follows: it has to say its place again. */
  forgetMark(): void {
    this.#line = 0;
  }

  library(name: string): string {
    this.program.library.add(name);
    return name;
  }

  temporary(): string {
    return `t${this.#temporaries++}`;
  }

  local(id: number): string {
    const local = this.fn.locals.find((candidate) => candidate.id === id);
    if (local === undefined) throw new RangeError(`${this.fn.name} has no local ${id}`);
    return `v_${identifier(local.name)}_${id}`;
  }

  typeOfLocal(id: number): ValueType {
    return this.fn.locals.find((candidate) => candidate.id === id)?.type ?? 'i32';
  }

  /** Whether the local is declared at the top of the function. */
  isHoisted(id: number): boolean {
    return this.#hoisted.has(id);
  }

  /** The locals, but for parameters, that several blocks use. */
  hoisted(): number[] {
    return [...this.#hoisted]
      .filter((id) => !this.fn.parameters.includes(id))
      .sort((a, b) => a - b);
  }
}
