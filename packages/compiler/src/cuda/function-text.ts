import type { IrFunction, Location, Module, ValueType } from '../ir/types.ts';
import { hoistedLocals } from '../js/scopes.ts';
import { identifier } from '../js/text.ts';
import { typeText, zero } from './literal.ts';

/** How many threads handle a message: one, or a group of which all run the rounds of sections. */
export type CudaForm = 'thread' | 'group';

/** What the text of a whole module shares. */
export interface ModuleText {
  readonly module: Module;
  readonly interruptible: boolean;
  readonly form: CudaForm;
  readonly library: Set<string>;
  /** Of the group form, in order: the first has the number 1. */
  readonly sections: SectionText[];
  /** Types of partial results that lanes show each other. */
  readonly slots: Set<ValueType>;
}

/** A section that has become a function of its own. */
export interface SectionText {
  /** What it gets from the handler. */
  readonly struct: string;
  readonly name: string;
  readonly text: string;
}

/**
 * The text of one function while it is written. What can fault, and what must not be evaluated needlessly, becomes
 * lines of its own; the rest stays inside expressions, whose order of evaluation then does not matter.
 */
export class FunctionText {
  readonly program: ModuleText;
  readonly fn: IrFunction;
  readonly #hoisted: Set<number>;
  #lines: string[] = [];
  #temporaries = 0;
  #labels = 0;
  #line = 0;
  /** Where `continue` goes in the loop that is written; null: to where C++ says. */
  next: string | null = null;

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
    const inner = this.#lines.map((line) => (line === '' ? line : `  ${line}`));
    this.#lines = outer;
    return inner;
  }

  /** The lines of a loop's body. */
  loopBody(next: string | null, write: () => void): string[] {
    const outer = this.next;
    this.next = next;
    const lines = this.block(() => {
      this.line(...this.tick());
      write();
    });
    this.next = outer;
    return lines;
  }

  /** Leaves the function when the handler has had its time: in each round of a loop, and after calls. */
  tick(): string[] {
    const { result } = this.fn;
    const leave = result === null ? 'return' : `return ${zero(result)}`;
    if (!this.program.interruptible) return [];
    const hook = this.program.form === 'group' ? this.library('rk_is_late') : 'rk_overtime';
    return [`if (${hook}(rk)) ${leave};`];
  }

  label(): string {
    return `next${this.#labels++}`;
  }

  /** Tells the place in the handler's own text that the following lines are of, when it is another line. */
  mark(location: Location | undefined): void {
    if (location === undefined || location.line === this.#line) return;
    this.#line = location.line;
    this.line(`// ${identifier(this.fn.name)}:${location.line}:${location.column}`);
  }

  /** The call that records a fault. */
  fault(site: number, value: string): string {
    const name = this.program.form === 'group' ? this.library('rk_note') : 'rk_fault';
    return `${name}(rk, ${site}u, ${value});`;
  }

  library(name: string): string {
    this.program.library.add(name);
    return name;
  }

  temporary(): string {
    return `t${this.#temporaries++}`;
  }

  /** Names a value. */
  keep(type: string, text: string): string {
    const name = this.temporary();
    this.line(`const ${type} ${name} = ${text};`);
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

  /** `type x`, or `x` when it is declared at the top. */
  declaration(id: number): string {
    const name = this.local(id);
    return this.#hoisted.has(id) ? name : `${typeText(this.typeOfLocal(id))} ${name}`;
  }

  /** The locals that several blocks use, of those that belong here. */
  preamble(belongs: (id: number) => boolean = () => true): string[] {
    return [...this.#hoisted]
      .filter((id) => !this.fn.parameters.includes(id) && belongs(id))
      .sort((a, b) => a - b)
      .map((id) => {
        const type = this.typeOfLocal(id);
        return `${typeText(type)} ${this.local(id)} = ${zero(type)};`;
      });
  }
}
