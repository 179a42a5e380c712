import type { MessageDescriptor } from '@ringkernel/core';
import type { AnyNode } from 'acorn';
import type { Closure } from '../capture/index.ts';
import type { DiagnosticCode, FaultCode } from '../diagnostics/codes.ts';
import type { LocateLine } from '../image.ts';
import type { Expression, Location, Statement, ValueType } from '../ir/types.ts';
import { contains, type FunctionSource, rootOf, type UserFunction } from '../parse/index.ts';
import { conversionHint, decide, type Type, typeName, unify } from '../types/index.ts';
import { type ActorContext, type Locate, Skip } from './actor-context.ts';
import { fitConstant, fitHint } from './constant.ts';
import { mustPrecede } from './effects.ts';
import { lineLocator, locator, positionIn } from './locate.ts';
import type { Section } from './section.ts';
import type { Binding, Path, Value } from './value.ts';

interface DraftLocal {
  readonly id: number;
  readonly name: string;
  readonly type: Type;
  readonly target: string | null | undefined;
}

/** What is lowered: the handler of a message, or a helper for given argument types. */
export type Role =
  | { readonly kind: 'handler'; readonly message: MessageDescriptor }
  | { readonly kind: 'helper'; readonly parameters: readonly Type[]; readonly result: Type };

/** What a `break` or a `continue` leaves. */
export interface Breakable {
  readonly kind: 'loop' | 'switch';
  /** Of a switch inside a loop: the local that tells the loop to continue. */
  readonly continues: number | null;
}

/** A place in the statement list being written, to come back to. */
export interface Mark {
  readonly length: number;
  readonly locals: number;
}

/** The lowering of one function: names, locals, and the list of statements being written. */
export class FunctionContext {
  readonly actor: ActorContext;
  readonly source: FunctionSource;
  /** The function that has the closure and the position; of inlined functions, the one around them. */
  readonly owner: UserFunction;
  readonly label: string;
  readonly role: Role;
  readonly locals: DraftLocal[] = [];
  /** Statements so far, in JavaScript's order of effects. */
  out: Statement[] = [];
  /** Declared at the start of the function: `var`. */
  readonly hoisted: Statement[] = [];
  breakables: Breakable[] = [];
  section: Section | null = null;
  readonly #literals = new Map<Expression, { bits: boolean }>();
  #scopes: Map<string, Binding>[] = [new Map()];

  constructor(
    actor: ActorContext,
    source: FunctionSource,
    owner: UserFunction,
    label: string,
    role: Role,
  ) {
    this.actor = actor;
    this.source = source;
    this.owner = owner;
    this.label = label;
    this.role = role;
  }

  get closure(): Closure | null {
    return this.actor.capture.closure(this.owner);
  }

  // Names

  lookup(name: string): Binding | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const found = this.#scopes[i]?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  bind(name: string, binding: Binding): void {
    this.#scopes.at(-1)?.set(name, binding);
  }

  /** For `var`, whose scope is the function. */
  bindInFunction(name: string, binding: Binding): void {
    this.#scopes[0]?.set(name, binding);
  }

  isHoisted(id: number): boolean {
    return this.hoisted.some((statement) => statement.kind === 'let' && statement.id === id);
  }

  /** Whether anything in the function assigns to a name. */
  isReassigned(name: string): boolean {
    return contains(
      this.source.node,
      (node) =>
        node.type === 'AssignmentExpression' &&
        node.left.type === 'Identifier' &&
        node.left.name === name,
    );
  }

  scoped<T>(run: () => T): T {
    this.#scopes.push(new Map());
    try {
      return run();
    } finally {
      this.#scopes.pop();
    }
  }

  // Locals

  newLocal(name: string, type: Type, target?: string | null): number {
    const id = this.locals.length;
    this.locals.push({ id, name, type, target });
    return id;
  }

  readLocal(id: number): Value {
    const { type, target } = this.locals[id] as DraftLocal;
    const value = this.value({ kind: 'local', type: 'i32', id }, type);
    return target === undefined ? value : { ...value, target };
  }

  /** Keeps a value in a new local, and gives that back. */
  pin(value: Value, name = 't'): Value {
    if (value.e.kind === 'const') return value;
    const id = this.newLocal(name, value.type, value.target);
    this.out.push({ kind: 'let', id, value: value.e });
    return this.readLocal(id);
  }

  // Values

  /** An expression whose type is filled in when everything is decided. */
  value(e: Expression, type: Type): Value {
    this.actor.atEnd(() => {
      const decided = decide(type);
      (e as { type: ValueType }).type = decided;
      if (decided === 'f64') this.actor.requires.add('f64');
    });
    return { e, type };
  }

  constant(value: number | bigint | boolean, type: Type, node: AnyNode): Value {
    const e: Expression = { kind: 'const', type: 'i32', value };
    const literal = { bits: false };
    this.#literals.set(e, literal);
    this.actor.atEnd(() => {
      if (!this.#literals.has(e)) return;
      e.type = decide(type);
      const fitting = fitConstant(value, e.type, literal.bits);
      if (fitting === undefined) {
        const shown = typeof value === 'bigint' ? `${value}n` : value;
        this.fail(node, 'RK2020', `${shown} does not fit ${e.type}`, fitHint(value, e.type));
      }
      e.value = fitting;
    });
    return { e, type };
  }

  /** A literal is used for its bits: as an i32 it may be written as the u32 with the same. */
  useBits(value: Value): void {
    const literal = this.#literals.get(value.e);
    if (literal !== undefined) literal.bits = true;
  }

  /** A literal is replaced by another: it need not fit any type. */
  dropLiteral(value: Value): void {
    this.#literals.delete(value.e);
  }

  unify(node: AnyNode, a: Type, b: Type, what: string): void {
    if (unify(a, b)) return;
    const message = `${what}: ${typeName(a)} and ${typeName(b)} do not mix`;
    this.fail(node, 'RK2001', message, conversionHint(a, b));
  }

  // Statements

  emit(node: AnyNode, statement: Statement): void {
    this.out.push({ ...statement, location: this.location(node) });
  }

  /** What `run` writes, aside. */
  collect<T>(run: () => T): { readonly result: T; readonly statements: Statement[] } {
    const outer = this.out;
    this.out = [];
    try {
      const result = run();
      return { result, statements: this.out };
    } finally {
      this.out = outer;
    }
  }

  mark(): Mark {
    return { length: this.out.length, locals: this.locals.length };
  }

  /** Moves values made before the mark into locals there, where what was written since would change them. */
  keep(values: readonly Value[], mark: Mark): Value[] {
    const since = this.out.splice(mark.length);
    const kept = values.map((value) =>
      mustPrecede(value.e, since, mark.locals) ? this.pin(value) : value,
    );
    this.out.push(...since);
    return kept;
  }

  /** `keep` for the indices of a path. */
  keepPath(path: Path, mark: Mark): Path {
    const values = this.keep(
      path.indices.map(({ value }) => value),
      mark,
    );
    const indices = path.indices.map((index, i) => ({ ...index, value: values[i] ?? index.value }));
    return { ...path, indices };
  }

  /** Evaluates from left to right, as JavaScript does. */
  inOrder(steps: readonly (() => Value)[]): Value[] {
    let done: Value[] = [];
    for (const step of steps) {
      const mark = this.mark();
      const value = step();
      if (this.out.length > mark.length) done = this.keep(done, mark);
      done.push(value);
    }
    return done;
  }

  /** A path whose indices are in locals, so that it means the same place later. */
  pinPath(path: Path): Path {
    const indices = path.indices.map((index) => ({ ...index, value: this.pin(index.value, 'i') }));
    return { ...path, indices };
  }

  // Errors

  location(node: AnyNode): Location {
    return positionIn(this.source, node.start);
  }

  textOf(node: AnyNode): string {
    return this.source.text.slice(node.start, node.end);
  }

  locator(node: AnyNode): Locate {
    return locator(this.actor.capture, this.owner, this.source, node.start);
  }

  /** Finds the lines and columns that statements have, in the file. */
  lineLocator(): LocateLine {
    return lineLocator(this.actor.capture, this.owner, this.source);
  }

  /** Notes an error and leaves the statement. */
  fail(node: AnyNode, code: DiagnosticCode, message: string, hint: string | null = null): never {
    const where = this.label;
    const locate = this.locator(node);
    this.actor.findings.push({ code, message, hint, where, locate });
    throw new Skip();
  }

  /** Leaves the statement: its error is told elsewhere. */
  skip(): never {
    throw new Skip();
  }

  /** Whether the name at the root of a member expression has an error in its declaration. */
  isBroken(node: AnyNode): boolean {
    const root = rootOf(node);
    return root.type === 'Identifier' && this.lookup(root.name)?.kind === 'broken';
  }

  site(node: AnyNode, code: FaultCode): number {
    const { line, column } = this.location(node);
    return this.actor.site(code, `${this.label}:${line}:${column}`, this.locator(node));
  }
}
