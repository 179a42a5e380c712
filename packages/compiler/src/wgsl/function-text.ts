import type { IrFunction, Module, ValueType } from '../ir/types.ts';
import { hoistedLocals } from '../js/scopes.ts';
import { identifier } from '../js/text.ts';
import { typeText, zero } from './literal.ts';

/** What the text of a whole module shares. */
export interface ModuleText {
  readonly module: Module;
  readonly library: Set<string>;
  /** Types whose reductions need 64 lanes. */
  readonly lanes: Set<ValueType>;
}

/**
 * The text of one function while it is written. What can fault, and what must not be evaluated needlessly, becomes
 * lines of its own; the rest stays inside expressions.
 */
export class FunctionText {
  readonly program: ModuleText;
  readonly fn: IrFunction;
  readonly #hoisted: Set<number>;
  #lines: string[] = [];
  #temporaries = 0;

  constructor(program: ModuleText, fn: IrFunction) {
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
    const inner = this.#lines.map((line) => `  ${line}`);
    this.#lines = outer;
    return inner;
  }

  library(name: string): string {
    this.program.library.add(name);
    return name;
  }

  temporary(): string {
    return `t${this.#temporaries++}`;
  }

  /** Names a value, which keeps it out of reach of constant evaluation. */
  keep(text: string): string {
    const name = this.temporary();
    this.line(`let ${name} = ${text};`);
    return name;
  }

  local(id: number): string {
    const local = this.fn.locals.find((candidate) => candidate.id === id);
    if (local === undefined) throw new RangeError(`${this.fn.name} has no local ${id}`);
    return `v_${identifier(local.name)}_${id}`;
  }

  typeOfLocal(id: number): ValueType {
    return this.fn.locals.find((candidate) => candidate.id === id)?.type ?? 'i32';
  }

  isHoisted(id: number): boolean {
    return this.#hoisted.has(id);
  }

  /** `var x`, or `x` when it is declared at the top. */
  declaration(id: number): string {
    return this.isHoisted(id) ? this.local(id) : `var ${this.local(id)}`;
  }

  /** Parameters cannot be assigned in WGSL, so each is copied; and the locals that several blocks use. */
  preamble(): string[] {
    const parameters = this.fn.parameters.map((id) => `var ${this.local(id)} = p${id};`);
    const others = [...this.#hoisted].filter((id) => !this.fn.parameters.includes(id));
    const hoisted = others
      .sort((a, b) => a - b)
      .map((id) => {
        const type = this.typeOfLocal(id);
        return `var ${this.local(id)}: ${typeText(type)} = ${zero(type)};`;
      });
    return [...parameters, ...hoisted];
  }
}
