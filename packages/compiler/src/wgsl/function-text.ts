import type { IrFunction, Location, Module, ValueType } from '../ir/types.ts';
import { hoistedLocals } from '../js/scopes.ts';
import { identifier } from '../js/text.ts';
import type { WgslForm } from './abi.ts';
import { typeText, zero } from './literal.ts';

/** What the text of a whole module shares. */
export interface ModuleText {
  readonly module: Module;
  readonly form: WgslForm;
  readonly library: Set<string>;
  /** Types whose reductions need 64 lanes. */
  readonly lanes: Set<ValueType>;
  /** Types of what lane 0 hands to the others. */
  readonly handed: Set<ValueType>;
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
  #line = 0;

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

  /** The statement that records a fault. */
  fault(site: number, value: string): string {
    if (this.program.form === 'workgroup') return `${this.library('rk_note')}(${site}u, ${value});`;
    return `rk_fault(${site}u, ${value});`;
  }

  /** The statement that leaves the handler or function. */
  leave(value: string | null): string {
    return value === null ? 'return;' : `return ${value};`;
  }

  /** The statement that leaves the innermost loop, or goes on with it. */
  jump(kind: 'break' | 'continue'): string {
    return `${kind};`;
  }

  /** The lines of a loop's body. */
  loop(write: () => void): string[] {
    return this.block(write);
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
