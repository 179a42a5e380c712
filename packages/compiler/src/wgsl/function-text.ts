import type { ValueType } from '../ir/types.ts';
import { FunctionLines, type SharedText } from '../text/function-lines.ts';
import type { WgslForm } from './abi.ts';
import { typeText, zero } from './literal.ts';

/** What the text of a whole module shares. */
export interface ModuleText extends SharedText {
  readonly form: WgslForm;
  /** Types whose reductions need 64 lanes. */
  readonly lanes: Set<ValueType>;
  /** Types of what lane 0 hands to the others. */
  readonly handed: Set<ValueType>;
}

/**
 * The text of one function while it is written. What can fault, and what must not be evaluated needlessly, becomes
 * lines of its own; the rest stays inside expressions.
 */
export class FunctionText extends FunctionLines<ModuleText> {
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

  /** Names a value, which keeps it out of reach of constant evaluation. */
  keep(text: string): string {
    const name = this.temporary();
    this.line(`let ${name} = ${text};`);
    return name;
  }

  /** `var x`, or `x` when it is declared at the top. */
  declaration(id: number): string {
    return this.isHoisted(id) ? this.local(id) : `var ${this.local(id)}`;
  }

  /** Parameters cannot be assigned in WGSL, so each is copied; and the locals that several blocks use. */
  preamble(): string[] {
    const parameters = this.fn.parameters.map((id) => `var ${this.local(id)} = p${id};`);
    const hoisted = this.hoisted().map((id) => {
      const type = this.typeOfLocal(id);
      return `var ${this.local(id)}: ${typeText(type)} = ${zero(type)};`;
    });
    return [...parameters, ...hoisted];
  }
}
