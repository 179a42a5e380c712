import type { Located } from '../diagnostics/frame.ts';
import type { UserFunction } from '../parse/function-source.ts';
import { type Closure, ClosureReader, type FunctionLocation } from './closure.ts';
import { Inspector } from './inspector.ts';
import { PositionTracer } from './position.ts';

/**
 * What one compilation asks the inspector. The session begins with the first question, because a handler that names
 * nothing from outside needs none, and must be closed: V8 keeps what it handed out until then.
 */
export class Capture {
  #inspector: Inspector | null | undefined;
  #reader: ClosureReader | undefined;
  #tracer: PositionTracer | undefined;
  readonly #closures = new Map<UserFunction, Closure | null>();

  /** Whether closures can be read here. */
  get available(): boolean {
    return this.#open() !== null;
  }

  /** null where closures can't be read. */
  closure(fn: UserFunction): Closure | null {
    const known = this.#closures.get(fn);
    if (known !== undefined) return known;
    const inspector = this.#open();
    if (inspector !== null) this.#reader ??= new ClosureReader(inspector);
    const closure = this.#reader?.read(fn) ?? null;
    this.#closures.set(fn, closure);
    return closure;
  }

  /** null where positions can't be traced back to a file. */
  trace(location: FunctionLocation, line: number, column: number): Located | null {
    const inspector = this.#open();
    if (inspector !== null) this.#tracer ??= new PositionTracer(inspector);
    return this.#tracer?.trace(location, line, column) ?? null;
  }

  close(): void {
    this.#inspector?.close();
    this.#inspector = undefined;
    this.#reader = undefined;
    this.#tracer = undefined;
    this.#closures.clear();
  }

  #open(): Inspector | null {
    this.#inspector ??= this.#inspector === null ? null : Inspector.open();
    return this.#inspector;
  }
}
