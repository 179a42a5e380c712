import { type AnyNode, type Function as FunctionLike, type Pattern, parse } from 'acorn';
import { isCounter } from './coverage.ts';
import { type FunctionSource, parseFunction } from './function-source.ts';

/** Names that a piece of a function declares. The outermost scope has no parent. */
interface Scope {
  readonly names: Set<string>;
  readonly parent: Scope | null;
  /** Whether `this`, `super`, `arguments` and `new.target` here are those of the function itself. */
  readonly outer: boolean;
}

/** A function on its own: text that is an expression, and the names it takes from around it. */
export interface StandaloneFunction {
  /** An expression that evaluates to the function, also for what was written as a method; without coverage counters. */
  readonly text: string;
  /** Names that are used and not bound in it, globals among them, in the order of use; `this` and `super` too. */
  readonly free: readonly string[];
}

function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item?.type === 'string') children.push(item as AnyNode);
    }
  }
  return children;
}

function isFunction(node: AnyNode): node is FunctionLike & AnyNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** The names that a pattern binds. */
function bind(pattern: Pattern, names: Set<string>): void {
  switch (pattern.type) {
    case 'Identifier':
      names.add(pattern.name);
      return;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        bind(property.type === 'RestElement' ? property.argument : property.value, names);
      }
      return;
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element !== null) bind(element, names);
      return;
    case 'RestElement':
      bind(pattern.argument, names);
      return;
    case 'AssignmentPattern':
      bind(pattern.left, names);
      return;
    default: // A member expression assigns, it binds nothing.
  }
}

/** `let`, `const`, classes and functions of one list of statements. */
function bindLexical(statements: readonly AnyNode[], names: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      for (const { id } of statement.declarations) bind(id, names);
    } else if (
      (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') &&
      statement.id !== null
    ) {
      names.add(statement.id.name);
    }
  }
}

/** `var`s belong to the whole function, however deep they stand. */
function bindVars(node: AnyNode, names: Set<string>): void {
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const { id } of node.declarations) bind(id, names);
  }
  for (const child of childrenOf(node)) {
    if (!isFunction(child) && child.type !== 'StaticBlock') bindVars(child, names);
  }
}

/** Walks a function and notes every name that no scope in it declares. */
class Walk {
  readonly free: Set<string> = new Set();

  function(node: FunctionLike & AnyNode, parent: Scope | null): void {
    const arrow = node.type === 'ArrowFunctionExpression';
    const outer = arrow && (parent?.outer ?? true);
    const names = new Set<string>(outer ? [] : ['arguments']);
    if (node.type === 'FunctionExpression' && node.id) names.add(node.id.name);
    for (const param of node.params) bind(param, names);
    const scope = { names, parent, outer: parent === null || outer };
    for (const param of node.params) this.node(param, scope);
    if (node.body.type !== 'BlockStatement') return this.node(node.body, scope);
    const inner = { names: new Set<string>(), parent: scope, outer: scope.outer };
    bindVars(node.body, inner.names);
    bindLexical(node.body.body, inner.names);
    for (const statement of node.body.body) this.node(statement, inner);
  }

  node(node: AnyNode, scope: Scope): void {
    if (isFunction(node)) return this.function(node, scope);
    switch (node.type) {
      case 'Identifier':
        return this.#use(node.name, scope);
      case 'ThisExpression':
      case 'Super':
        if (scope.outer) this.free.add(node.type === 'Super' ? 'super' : 'this');
        return;
      case 'MetaProperty':
        return;
      case 'LabeledStatement':
        return this.node(node.body, scope);
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'MemberExpression':
        this.node(node.object, scope);
        if (node.computed) this.node(node.property, scope);
        return;
      case 'Property':
        if (node.computed) this.node(node.key, scope);
        return this.node(node.value, scope);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node, scope);
      default:
        return this.#block(node, scope);
    }
  }

  /** Statements with a scope of their own, and all that has none. */
  #block(node: AnyNode, parent: Scope): void {
    const names = new Set<string>();
    if (node.type === 'BlockStatement' || node.type === 'StaticBlock') {
      bindLexical(node.body, names);
    } else if (node.type === 'SwitchStatement') {
      for (const { consequent } of node.cases) bindLexical(consequent, names);
    } else if (node.type === 'ForStatement' && node.init) {
      bindLexical([node.init], names);
    } else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') {
      bindLexical([node.left], names);
    } else if (node.type === 'CatchClause' && node.param) {
      bind(node.param, names);
    }
    const own = node.type === 'StaticBlock';
    if (own) bindVars(node, names);
    const scope =
      names.size === 0 && !own ? parent : { names, parent, outer: parent.outer && !own };
    for (const child of childrenOf(node)) this.node(child, scope);
  }

  #class(node: AnyNode & { type: 'ClassDeclaration' | 'ClassExpression' }, parent: Scope): void {
    const names = new Set<string>(node.id ? [node.id.name] : []);
    const scope = { names, parent, outer: parent.outer };
    if (node.superClass) this.node(node.superClass, scope);
    for (const member of node.body.body) {
      if (member.type === 'StaticBlock') {
        this.#block(member, scope);
        continue;
      }
      if (member.computed) this.node(member.key, scope);
      if (!member.value) continue;
      if (member.type === 'MethodDefinition') this.function(member.value, scope);
      else this.node(member.value, { names: new Set(), parent: scope, outer: false });
    }
  }

  #use(name: string, from: Scope): void {
    for (let scope: Scope | null = from; scope !== null; scope = scope.parent) {
      if (scope.names.has(name)) return;
    }
    this.free.add(name);
  }
}

/** Coverage counters, blanked out in place: what they count into does not exist elsewhere. */
function withoutCounters(text: string, node: AnyNode): string {
  if (isCounter(node)) {
    return `${text.slice(0, node.start)}${'0'.padEnd(node.end - node.start)}${text.slice(node.end)}`;
  }
  return childrenOf(node).reduce(withoutCounters, text);
}

function expressionText(source: FunctionSource): string {
  const { raw, text, node } = source;
  const wrapped = text.slice(node.start, node.end);
  if (wrapped === raw || node.type === 'ArrowFunctionExpression') return wrapped;
  // A method's node begins at its parameters.
  if (!wrapped.startsWith('(')) return wrapped;
  return `${node.async ? 'async ' : ''}function${node.generator ? '*' : ''} ${wrapped}`;
}

/** Takes a function out of its surroundings. A string says why that can't be done. */
export function standaloneFunction(
  fn: ((...args: never[]) => unknown) | string,
): StandaloneFunction | string {
  const source = parseFunction(fn);
  if (typeof source === 'string') {
    // The parser reads scripts, where `import.meta` is an error without a name.
    return /\bimport\s*\.\s*meta\b/.test(String(fn)) ? 'it uses import.meta' : source;
  }
  // The tree in `source` has no counters any more, the text has.
  const blanked = withoutCounters(source.text, parse(source.text, { ecmaVersion: 'latest' }));
  const text = expressionText({ ...source, text: blanked });
  const walk = new Walk();
  walk.function(source.node, null);
  return { text, free: [...walk.free] };
}
