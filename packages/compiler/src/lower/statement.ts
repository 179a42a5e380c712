import type {
  AnyNode,
  CallExpression,
  DoWhileStatement,
  Expression as EsExpression,
  Statement as EsStatement,
  ForStatement,
  ObjectPattern,
  VariableDeclaration,
  VariableDeclarator,
  WhileStatement,
} from 'acorn';
import type { Expression, Statement } from '../ir/types.ts';
import { isCounter } from '../parse/coverage.ts';
import { type Type, typeName, unify, variable } from '../types/inference.ts';
import { lowerAssignment, lowerUpdate } from './assign.ts';
import { statementCall } from './call.ts';
import { lowerCondition, lowerExpression } from './expression.ts';
import type { FunctionContext, Path } from './function-context.ts';
import { isContext, load, loadedType, lowerPath, messagePath, pinPath, statePath } from './path.ts';
import { lowerContextStatement } from './send.ts';
import { lowerSwitch } from './switch.ts';

/** Lowers statements one by one; an error in one does not hide those of the next. */
export function lowerBlock(c: FunctionContext, nodes: readonly AnyNode[], out: Statement[]): void {
  for (const node of nodes) c.attempt(() => lowerStatement(c, node as EsStatement, out));
}

function inScope(c: FunctionContext, node: EsStatement, out: Statement[]): void {
  c.scoped(() => lowerBlock(c, node.type === 'BlockStatement' ? node.body : [node], out));
}

/** Evaluates something whose preparations go to `out` first. */
function evaluated<T>(c: FunctionContext, out: Statement[], run: () => T): T {
  const { result, before } = c.aside(run);
  out.push(...before);
  return result;
}

function lowerStatement(c: FunctionContext, node: EsStatement, out: Statement[]): void {
  switch (node.type) {
    case 'EmptyStatement':
      return;
    case 'BlockStatement':
      return inScope(c, node, out);
    case 'ExpressionStatement':
      return lowerExpressionStatement(c, node.expression, out);
    case 'VariableDeclaration':
      return lowerDeclarations(c, node, out);
    case 'IfStatement': {
      const condition = evaluated(c, out, () => lowerCondition(c, node.test));
      const [then, otherwise]: [Statement[], Statement[]] = [[], []];
      inScope(c, node.consequent, then);
      if (node.alternate) inScope(c, node.alternate, otherwise);
      out.push({ kind: 'if', condition: condition.e, then, otherwise });
      return;
    }
    case 'ForStatement':
    case 'WhileStatement':
      return lowerLoop(c, node, out);
    case 'DoWhileStatement':
      return lowerDoWhile(c, node, out);
    case 'BreakStatement':
    case 'ContinueStatement': {
      const kind = node.type === 'BreakStatement' ? 'break' : 'continue';
      if (node.label) c.fail(node, 'RK3001', 'labels are not in the language', 'use a flag');
      if (c.loopDepth === 0)
        c.fail(node, 'RK3020', `cannot ${kind} out of a parallel section`, 'use if');
      out.push({ kind });
      return;
    }
    case 'ReturnStatement':
      return lowerReturn(c, node, node.argument ?? null, out);
    case 'SwitchStatement':
      return lowerSwitch(c, node, out);
    default:
      return refuse(c, node);
  }
}

const refusals: Partial<Record<EsStatement['type'], readonly [string, string]>> = {
  TryStatement: [
    'try does not exist on the device',
    'ctx.fail(code) stops the handler and tells the supervisor',
  ],
  ThrowStatement: [
    'throw does not exist on the device',
    'ctx.fail(code) stops the handler and tells the supervisor',
  ],
  ForOfStatement: ['for…of is not in the language', 'for (let i = 0; i < xs.length; i++)'],
  ForInStatement: ['for…in is not in the language', 'name the fields'],
  LabeledStatement: ['labels are not in the language', 'use a flag'],
};

function refuse(c: FunctionContext, node: EsStatement): void {
  if (node.type === 'FunctionDeclaration') {
    c.fail(
      node,
      'RK3009',
      'a function inside a handler is a closure',
      'move it to the top level of the file',
    );
  }
  const [message, hint] = refusals[node.type] ?? [`${node.type} is not in the language`, null];
  c.fail(node, 'RK3001', message, hint);
}

export function lowerExpressionStatement(
  c: FunctionContext,
  node: EsExpression,
  out: Statement[],
): void {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return lowerExpressionStatement(c, node.expression, out);
    case 'SequenceExpression':
      for (const e of node.expressions) c.attempt(() => lowerExpressionStatement(c, e, out));
      return;
    case 'Literal':
      return; // 'use strict' and what minifiers leave
    case 'UnaryExpression':
      if (node.operator === 'void') return lowerExpressionStatement(c, node.argument, out);
      break;
    case 'LogicalExpression':
      if (node.operator !== '??') return shortCircuit(c, node.operator, node.left, node.right, out);
      break;
    case 'ConditionalExpression': {
      const condition = evaluated(c, out, () => lowerCondition(c, node.test));
      const [then, otherwise]: [Statement[], Statement[]] = [[], []];
      lowerExpressionStatement(c, node.consequent, then);
      lowerExpressionStatement(c, node.alternate, otherwise);
      out.push({ kind: 'if', condition: condition.e, then, otherwise });
      return;
    }
    case 'AssignmentExpression':
      return void evaluatedInto(c, out, (to) => lowerAssignment(c, node, to));
    case 'UpdateExpression':
      if (isCounter(node)) return;
      return void evaluatedInto(c, out, (to) => lowerUpdate(c, node, to));
    case 'CallExpression':
      return lowerCallStatement(c, node, out);
  }
  if (isCounter(node)) return;
  evaluated(c, out, () => lowerExpression(c, node));
}

/** For what appends its own statements: its preparations must come in front of them. */
function evaluatedInto<T>(c: FunctionContext, out: Statement[], run: (to: Statement[]) => T): void {
  const own: Statement[] = [];
  const { before } = c.aside(() => run(own));
  out.push(...own, ...before);
}

function shortCircuit(
  c: FunctionContext,
  operator: '&&' | '||',
  left: EsExpression,
  right: EsExpression,
  out: Statement[],
): void {
  const condition = evaluated(c, out, () => lowerCondition(c, left));
  const enters: Expression =
    operator === '&&'
      ? condition.e
      : { kind: 'unary', type: 'bool', op: '!', operand: condition.e };
  const then: Statement[] = [];
  lowerExpressionStatement(c, right, then);
  out.push({ kind: 'if', condition: enters, then, otherwise: [] });
}

function lowerCallStatement(c: FunctionContext, node: CallExpression, out: Statement[]): void {
  // esbuild's --keep-names wraps functions in __name(fn, 'name').
  if (node.callee.type === 'Identifier' && node.callee.name === '__name') return;
  const name = statementCall(c, node);
  if (name === null) evaluated(c, out, () => lowerExpression(c, node));
  else {
    const own: Statement[] = [];
    c.aside(() => lowerContextStatement(c, name, node, own));
    out.push(...own);
  }
}

function lowerDeclarations(c: FunctionContext, node: VariableDeclaration, out: Statement[]): void {
  for (const declarator of node.declarations)
    c.attempt(() => lowerDeclarator(c, declarator, node.kind, out));
}

function lowerDeclarator(
  c: FunctionContext,
  node: VariableDeclarator,
  kind: string,
  out: Statement[],
): void {
  const { id, init } = node;
  if (id.type === 'ObjectPattern') return lowerPattern(c, node, id);
  if (id.type !== 'Identifier') c.fail(id, 'RK3021', 'array patterns are not in the language');
  const mutable = kind !== 'const';
  if (!init) {
    const local = c.newLocal(id.name, variable('number'));
    c.bind(id.name, { kind: 'local', id: local, mutable: true });
    out.push({ kind: 'let', id: local, value: null });
    return;
  }
  if (isContext(c, init)) return c.bind(id.name, { kind: 'context' });
  const value = evaluated(c, out, () => {
    const path = lowerPath(c, init);
    if (path === null) return lowerExpression(c, init);
    if (loadedType(path.type) !== null) return load(c, path, init);
    c.bind(id.name, { kind: 'path', path: pinPath(c, path, true) }); // another name for an array or struct
    return null;
  });
  if (value === null) return;
  const local = c.newLocal(id.name, value.t, value.ref);
  c.bind(id.name, { kind: 'local', id: local, mutable });
  const { line, column } = c.locator(node);
  out.push({ kind: 'let', id: local, value: value.e, location: { line, column } });
}

/** `const { state, send } = ctx` and `const { by } = m`. */
function lowerPattern(c: FunctionContext, node: VariableDeclarator, pattern: ObjectPattern): void {
  const from = node.init;
  if (from && isContext(c, from)) return bindContext(c, pattern);
  const path = from ? lowerPath(c, from) : null;
  if (path === null)
    c.fail(node, 'RK3021', 'only ctx, the state and the message can be taken apart');
  bindPath(c, pattern, path);
}

export function bindContext(c: FunctionContext, pattern: ObjectPattern): void {
  for (const [name, target] of patternNames(c, pattern)) {
    if (name === 'state' && target.type === 'ObjectPattern') bindPath(c, target, statePath(c));
    else if (target.type !== 'Identifier')
      c.fail(target, 'RK3021', 'only plain names and { state: { … } }');
    else if (name === 'state') c.bind(target.name, { kind: 'path', path: statePath(c) });
    else c.bind(target.name, { kind: 'member', name });
  }
}

export function bindMessage(c: FunctionContext, pattern: ObjectPattern): void {
  bindPath(c, pattern, messagePath(c));
}

/** Fields of a message become names; a field of the state would be a copy, unless it is an array or a struct. */
function bindPath(c: FunctionContext, pattern: ObjectPattern, path: Path): void {
  if (path.type.kind !== 'struct') c.fail(pattern, 'RK3021', 'only structs can be taken apart');
  const { fields } = path.type.layout;
  for (const [name, target] of patternNames(c, pattern)) {
    const field = fields.find((f) => f.name === name);
    if (field === undefined)
      c.fail(
        pattern,
        'RK2006',
        `there is no field '${name}'`,
        fields.map((f) => f.name).join(', '),
      );
    const offset = path.offset + field.offset;
    const inner: Path = { ...path, type: field.type, offset, names: [...path.names, field.name] };
    if (target.type === 'ObjectPattern') bindPath(c, target, inner);
    else if (target.type !== 'Identifier') c.fail(target, 'RK3021', 'only plain names');
    else if (path.base === 'state' && loadedType(field.type) !== null) {
      const message = `'${target.name}' would be a copy of the state, and changes to it would be lost`;
      c.fail(target, 'RK3022', message, `use ctx.state.${inner.names.join('.')}`);
    } else c.bind(target.name, { kind: 'path', path: inner });
  }
}

function patternNames(c: FunctionContext, pattern: ObjectPattern): [string, AnyNode][] {
  return pattern.properties.map((property) => {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') {
      return c.fail(property, 'RK3021', 'only plain names can be taken out');
    }
    if (property.value.type === 'AssignmentPattern')
      c.fail(property, 'RK3021', 'no default values');
    return [property.key.name, property.value];
  });
}

function isEndless(test: EsExpression | null | undefined): boolean {
  if (!test) return true;
  if (test.type === 'UnaryExpression' && test.operator === '!') {
    return test.argument.type === 'Literal' && test.argument.value === 0;
  }
  return test.type === 'Literal' && Boolean(test.value);
}

function lowerLoop(
  c: FunctionContext,
  node: ForStatement | WhileStatement,
  out: Statement[],
): void {
  if (isEndless(node.test)) {
    c.fail(
      node,
      'RK3024',
      'an endless loop would hang the device',
      'give it a bound: for (let i = 0; i < 1000; i++)',
    );
  }
  c.scoped(() => {
    const init = node.type === 'ForStatement' ? node.init : null;
    if (init?.type === 'VariableDeclaration') lowerDeclarations(c, init, out);
    else if (init) lowerExpressionStatement(c, init, out);
    const { result: condition, before } = c.aside(() =>
      lowerCondition(c, node.test as EsExpression),
    );
    const body: Statement[] = [];
    const step: Statement[] = [];
    c.loopDepth++;
    inScope(c, node.body, body);
    if (node.type === 'ForStatement' && node.update) lowerExpressionStatement(c, node.update, step);
    c.loopDepth--;
    pushLoop(out, condition.e, before, body, step);
  });
}

/** A condition that needs statements first is tested inside the loop. */
function pushLoop(
  out: Statement[],
  condition: Expression,
  before: readonly Statement[],
  body: readonly Statement[],
  step: readonly Statement[],
): void {
  if (before.length === 0) {
    out.push({ kind: 'loop', condition, body, step });
    return;
  }
  const leave: Statement = {
    kind: 'if',
    condition: { kind: 'unary', type: 'bool', op: '!', operand: condition },
    then: [{ kind: 'break' }],
    otherwise: [],
  };
  const always: Expression = { kind: 'const', type: 'bool', value: true };
  out.push({ kind: 'loop', condition: always, body: [...before, leave, ...body], step });
}

/** `do { body } while (test)`: a loop whose first turn is not tested. `continue` goes to the test. */
function lowerDoWhile(c: FunctionContext, node: DoWhileStatement, out: Statement[]): void {
  if (isEndless(node.test))
    c.fail(node, 'RK3024', 'an endless loop would hang the device', 'give it a bound');
  const again = c.newLocal('again', 'bool');
  const body: Statement[] = [];
  c.loopDepth++;
  inScope(c, node.body, body);
  c.loopDepth--;
  const { result: test, before } = c.aside(() => lowerCondition(c, node.test));
  const yes: Expression = { kind: 'const', type: 'bool', value: true };
  out.push({ kind: 'let', id: again, value: yes });
  const step: Statement[] = [...before, { kind: 'assign', id: again, value: test.e }];
  out.push({ kind: 'loop', condition: c.readLocal(again).e, body, step });
}

function lowerReturn(
  c: FunctionContext,
  node: AnyNode,
  argument: EsExpression | null,
  out: Statement[],
): void {
  if (c.parallelDepth > 0) c.fail(node, 'RK3020', 'return inside a parallel section', 'use if');
  if (c.role.message !== undefined) {
    if (argument !== null) lowerExpressionStatement(c, argument, out); // `return ctx.reply(…)`
    out.push({ kind: 'return', value: null });
    return;
  }
  if (argument === null) c.fail(node, 'RK2019', `${c.label} must return a value`);
  const value = evaluated(c, out, () => lowerExpression(c, argument));
  returns(c, node, value.t);
  out.push({ kind: 'return', value: value.e });
}

/** Makes the type of a returned value the type of the helper. */
export function returns(c: FunctionContext, node: AnyNode, t: Type): void {
  if (c.result === null) c.result = t;
  if (unify(c.result, t)) return;
  c.fail(
    node,
    'RK2001',
    `${c.label} returns ${typeName(c.result)} and ${typeName(t)}`,
    'convert one of them',
  );
}
