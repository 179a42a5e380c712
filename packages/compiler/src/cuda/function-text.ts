import type { ValueType } from '../ir/types.ts';
import { FunctionLines, type SharedText } from '../text/function-lines.ts';
import { typeText, zero } from './literal.ts';

/** How many threads handle a message: one, or a group of which all run the rounds of sections. */
export type CudaForm = 'thread' | 'group';

/** What the text of a whole module shares. */
export interface ModuleText extends SharedText {
  readonly interruptible: boolean;
  readonly form: CudaForm;
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
export class FunctionText extends FunctionLines<ModuleText> {
  #labels = 0;
  /** Where `continue` goes in the loop that is written; null: to where C++ says. */
  next: string | null = null;

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

  /** The call that records a fault. */
  fault(site: number, value: string): string {
    const name = this.program.form === 'group' ? this.library('rk_note') : 'rk_fault';
    return `${name}(rk, ${site}u, ${value});`;
  }

  /** Names a value. */
  keep(type: string, text: string): string {
    const name = this.temporary();
    this.line(`const ${type} ${name} = ${text};`);
    return name;
  }

  /** `type x`, or `x` when it is declared at the top. */
  declaration(id: number): string {
    const name = this.local(id);
    return this.isHoisted(id) ? name : `${typeText(this.typeOfLocal(id))} ${name}`;
  }

  /** The locals that several blocks use, of those that belong here. */
  preamble(belongs: (id: number) => boolean = () => true): string[] {
    return this.hoisted()
      .filter(belongs)
      .map((id) => {
        const type = this.typeOfLocal(id);
        return `${typeText(type)} ${this.local(id)} = ${zero(type)};`;
      });
  }
}
