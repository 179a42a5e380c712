import type { MessageDescriptor, TypeLayout } from '@ringkernel/core';
import type { AnyNode, Expression as EsExpression } from 'acorn';
import { type Captured, capture } from '../capture/inspector.ts';
import { originalPosition } from '../capture/position.ts';
import type { DiagnosticCode, FaultCode } from '../diagnostics/codes.ts';
import type { Expression, PlaceIndex, Statement, ValueType } from '../ir/types.ts';
import type { FunctionSource } from '../parse/function-source.ts';
import { conversionHint, decide, type Type, typeName, unify } from '../types/inference.ts';
import { type ActorContext, type Locator, Skip } from './actor-context.ts';

/** An expression with its type as far as it is known. `ref` names the actor whose address it is; null: any. */
export interface Value {
  readonly e: Expression;
  readonly t: Type;
  readonly ref?: string | null;
}

/** Part of the state or of the message: a scalar, an array or a struct. */
export interface Path {
  readonly base: 'state' | 'message';
  readonly type: TypeLayout;
  readonly offset: number;
  readonly indices: readonly PlaceIndex[];
  readonly names: readonly string[];
}

/** What a name means inside a handler. */
export type Binding =
  | { readonly kind: 'local'; readonly id: number; readonly mutable: boolean }
  | { readonly kind: 'context' }
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'path'; readonly path: Path };

export interface DraftLocal {
  readonly id: number;
  readonly name: string;
  readonly t: Type;
  ref?: string | null;
}

/** What is lowered: the handler of a message, or a helper for given argument types. */
export interface FunctionRole {
  readonly message?: MessageDescriptor;
  readonly parameters?: readonly Type[];
}

export type UserFunction = (...args: never[]) => unknown;

/** The lowering of one function: scopes, locals, and the statements that must run before the current expression. */
export class FunctionContext {
  readonly actor: ActorContext;
  readonly source: FunctionSource;
  readonly label: string;
  readonly role: FunctionRole;
  readonly locals: DraftLocal[] = [];
  /** Statements that the expression being lowered needs done first. */
  before: Statement[] = [];
  /** Result type of a helper; null until its first return. */
  result: Type | null = null;
  loopDepth = 0;
  parallelDepth = 0;
  readonly #fn: UserFunction | null;
  readonly #captured: Captured | null | undefined;
  readonly #scopes: Map<string, Binding>[] = [new Map()];
  readonly #undecided: (() => void)[] = [];
  readonly #types = new WeakMap<Expression, Type>();
  readonly #checks: (() => void)[] = [];

  constructor(
    actor: ActorContext,
    source: FunctionSource,
    label: string,
    role: FunctionRole,
    fn: UserFunction | null,
    captured?: Captured | null,
  ) {
    this.actor = actor;
    this.source = source;
    this.label = label;
    this.role = role;
    this.#fn = fn;
    this.#captured = captured;
  }

  get captured(): Captured | null {
    return this.#fn === null ? (this.#captured ?? null) : capture(this.#fn);
  }

  // Names ---------------------------------------------------------------------------------------------------------

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

  scoped<T>(run: () => T): T {
    this.#scopes.push(new Map());
    try {
      return run();
    } finally {
      this.#scopes.pop();
    }
  }

  newLocal(name: string, t: Type, ref?: string | null): number {
    const id = this.locals.length;
    this.locals.push({ id, name, t, ...(ref !== undefined && { ref }) });
    return id;
  }

  readLocal(id: number): Value {
    const { t, ref } = this.locals[id] as DraftLocal;
    return {
      ...this.value({ kind: 'local', type: 'i32', id }, t),
      ...(ref !== undefined && { ref }),
    };
  }

  /** Keeps a value in a new local, declared before the expression being lowered. */
  pin(value: Value, name = 't'): Value {
    const id = this.newLocal(name, value.t, value.ref);
    this.before.push({ kind: 'let', id, value: value.e });
    return this.readLocal(id);
  }

  // Values --------------------------------------------------------------------------------------------------------

  /** An expression whose type is filled in when everything is decided. */
  value(e: Expression, t: Type): Value {
    this.#types.set(e, t);
    this.#undecided.push(() => {
      (e as { type: ValueType }).type = decide(t);
    });
    return { e, t };
  }

  constant(value: number | bigint | boolean, t: Type, node: AnyNode): Value {
    const e: Expression = { kind: 'const', type: 'i32', value };
    this.#types.set(e, t);
    this.#undecided.push(() => {
      e.type = decide(t);
      if (typeof e.value !== 'boolean') e.value = this.#fit(e.value, e.type, node);
    });
    return { e, t };
  }

  /** Fills in the type of a statement when everything is decided. */
  settleType(statement: { type: ValueType }, t: Type): void {
    this.#undecided.push(() => {
      statement.type = decide(t);
    });
  }

  typeOf(e: Expression): Type {
    return this.#types.get(e) ?? e.type;
  }

  /** Runs when all types are decided. */
  later(check: () => void): void {
    this.#checks.push(check);
  }

  /** Decides every type that nothing decided, then runs the checks that waited for that. */
  finish(): void {
    for (const local of this.locals) decide(local.t);
    for (const settle of this.#undecided) this.attempt(settle);
    for (const check of this.#checks) this.attempt(check);
  }

  #fit(value: number | bigint, type: ValueType, node: AnyNode): number | bigint {
    const limits: Partial<Record<ValueType, readonly [bigint, bigint]>> = {
      i32: [-(2n ** 31n), 2n ** 32n - 1n], // 0x80000000 and up are bit patterns
      u32: [0n, 2n ** 32n - 1n],
      i64: [-(2n ** 63n), 2n ** 63n - 1n],
      u64: [0n, 2n ** 64n - 1n],
    };
    const range = limits[type];
    if (range === undefined) return type === 'f32' ? Math.fround(Number(value)) : Number(value);
    const whole = BigInt(typeof value === 'number' ? Math.trunc(value) : value);
    if (whole < range[0] || whole > range[1])
      this.fail(node, 'RK2020', `${value} does not fit ${type}`);
    if (type === 'i32') return Number(whole) | 0;
    return type === 'u32' ? Number(whole) : whole;
  }

  unify(node: AnyNode, a: Type, b: Type, what: string): void {
    if (unify(a, b)) return;
    const message = `${what}: ${typeName(a)} and ${typeName(b)} do not mix`;
    this.fail(node, 'RK2001', message, conversionHint(a, b));
  }

  /** Lowers something aside: its value, and what must run before it. */
  aside<T>(run: () => T): { readonly result: T; readonly before: Statement[] } {
    const saved = this.before;
    this.before = [];
    try {
      const result = run();
      return { result, before: this.before };
    } finally {
      this.before = saved;
    }
  }

  // Errors --------------------------------------------------------------------------------------------------------

  textOf(node: AnyNode): string {
    return this.source.text.slice(node.start, node.end);
  }

  locator(node: AnyNode): Locator {
    const start = node.loc?.start ?? { line: 1, column: this.source.shift };
    const line = start.line;
    const column = start.column + 1 - (line === 1 ? this.source.shift : 0);
    const { raw } = this.source;
    return {
      line,
      column,
      text: raw,
      resolve: () => this.#resolve(line, column) ?? { file: null, line, column },
    };
  }

  /** V8 says where the parameter list opens; the place is found relative to that character in our text. */
  #resolve(line: number, column: number): ReturnType<typeof originalPosition> {
    const captured = this.captured;
    if (captured === null || this.#fn === null) return null;
    const { raw } = this.source;
    const bare = /^(async\s+)?[\w$]+\s*=>/.test(raw);
    const opens = bare ? 0 : Math.max(0, raw.search(/\(|=>/));
    const head = raw.slice(0, opens).split('\n');
    const firstLine = head.length;
    const firstColumn = (head.at(-1)?.length ?? 0) + 1;
    const at = captured.line + line - firstLine;
    const along = line === firstLine ? captured.column + column - firstColumn : column;
    return originalPosition(captured, at, along);
  }

  /** Notes an error and leaves the statement. */
  fail(node: AnyNode, code: DiagnosticCode, message: string, hint: string | null = null): never {
    this.actor.report(code, this.label, message, hint, this.locator(node));
    throw new Skip();
  }

  site(node: AnyNode, code: FaultCode): number {
    return this.actor.site(code, this.label, this.locator(node));
  }

  /** Runs to its end or to its first error. */
  attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Skip)) throw error;
    }
  }
}

/** Takes parentheses off. */
export function bare(node: EsExpression): EsExpression {
  let at = node;
  while (at.type === 'ParenthesizedExpression') at = at.expression;
  return at;
}
