import type { AnyNode } from 'acorn';
import { typeName, unify } from '../types/index.ts';
import { attempt } from './actor-context.ts';
import { branch } from './branch.ts';
import { lowerDeclaration } from './declaration.ts';
import { lowerEffect } from './effect.ts';
import { lowerCondition, lowerExpression } from './expression.ts';
import { lowerForOf } from './for-of.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerDoWhile, lowerFor, lowerWhile } from './loop.ts';
import { lowerSwitch } from './switch.ts';

/** Lowers a list of statements; an error in one does not hide those in the next. */
export function lowerStatements(c: FunctionContext, nodes: readonly AnyNode[]): void {
  for (const node of nodes) attempt(() => lowerStatement(c, node));
}

/** Lowers a statement in a scope of its own. */
export function lowerBlock(c: FunctionContext, node: AnyNode): void {
  c.scoped(() => lowerStatements(c, [node]));
}

function lowerStatement(c: FunctionContext, node: AnyNode): void {
  switch (node.type) {
    case 'EmptyStatement':
    case 'DebuggerStatement':
      return;
    case 'BlockStatement':
      c.scoped(() => lowerStatements(c, node.body));
      return;
    case 'ExpressionStatement':
      lowerEffect(c, node.expression);
      return;
    case 'VariableDeclaration':
      lowerDeclaration(c, node);
      return;
    case 'IfStatement':
      lowerIf(c, node);
      return;
    case 'ForStatement':
      lowerFor(c, node);
      return;
    case 'ForOfStatement':
      lowerForOf(c, node);
      return;
    case 'WhileStatement':
      lowerWhile(c, node);
      return;
    case 'DoWhileStatement':
      lowerDoWhile(c, node);
      return;
    case 'SwitchStatement':
      lowerSwitch(c, node);
      return;
    case 'BreakStatement':
      lowerBreak(c, node);
      return;
    case 'ContinueStatement':
      lowerContinue(c, node);
      return;
    case 'ReturnStatement':
      lowerReturn(c, node);
      return;
    default:
      refuse(c, node);
  }
}

function refuse(c: FunctionContext, node: AnyNode): never {
  switch (node.type) {
    case 'TryStatement':
    case 'ThrowStatement': {
      const what = node.type === 'TryStatement' ? 'try' : 'throw';
      const hint = 'ctx.fail(code) ends the handler and tells the supervisor';
      return c.fail(node, 'RK3001', `'${what}' is not in the language`, hint);
    }
    case 'ForInStatement': {
      const hint = 'for (let i = 0; i < xs.length; i++)';
      return c.fail(node, 'RK3001', "'for … in' is not in the language", hint);
    }
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      if (node.id) c.bind(node.id.name, { kind: 'broken' });
      return c.fail(
        node,
        'RK3009',
        'a handler cannot make functions or classes',
        'move it to the top level of the file',
      );
    case 'LabeledStatement':
      return c.fail(node, 'RK3001', 'labels are not in the language', 'use a bool to leave loops');
    default:
      return c.fail(node, 'RK3001', `${node.type} is not in the language`);
  }
}

function lowerIf(c: FunctionContext, node: AnyNode & { type: 'IfStatement' }): void {
  let condition: ReturnType<typeof lowerCondition> | undefined;
  attempt(() => {
    condition = lowerCondition(c, node.test);
  });
  const then = c.collect(() => lowerBlock(c, node.consequent)).statements;
  const { alternate } = node;
  const otherwise = c.collect(() => alternate && lowerBlock(c, alternate)).statements;
  if (condition === undefined) return;
  c.emit(node, branch(condition.e, then, otherwise));
}

function lowerBreak(c: FunctionContext, node: AnyNode & { type: 'BreakStatement' }): void {
  if (node.label) c.fail(node, 'RK3001', 'labels are not in the language');
  c.emit(node, { kind: 'break' });
}

function lowerContinue(c: FunctionContext, node: AnyNode & { type: 'ContinueStatement' }): void {
  if (node.label) c.fail(node, 'RK3001', 'labels are not in the language');
  const inner = c.breakables.at(-1);
  if (inner === undefined || inner.kind === 'loop') {
    c.emit(node, { kind: 'continue' });
    return;
  }
  // Inside a switch that is a loop in the IR: leave it, and tell the loop around it.
  for (const { kind, continues } of [...c.breakables].reverse()) {
    if (kind === 'loop') break;
    if (continues !== null) c.out.push(setTrue(c, node, continues));
  }
  c.emit(node, { kind: 'break' });
}

function setTrue(c: FunctionContext, node: AnyNode, id: number): (typeof c)['out'][number] {
  return { kind: 'assign', id, value: c.constant(true, 'bool', node).e };
}

function lowerReturn(c: FunctionContext, node: AnyNode & { type: 'ReturnStatement' }): void {
  if (c.section !== null) {
    const hint = c.section.kind === 'parallel' ? 'use if' : 'return the term at the end';
    c.fail(node, 'RK3020', `return inside ${c.section.name}`, hint);
  }
  const { role } = c;
  if (role.kind === 'handler') {
    if (node.argument) lowerEffect(c, node.argument);
    c.emit(node, { kind: 'return', value: null });
    return;
  }
  if (!node.argument) c.fail(node, 'RK2019', 'a helper must return a value');
  const value = lowerExpression(c, node.argument);
  if (!unify(role.result, value.type)) {
    const message = `returns ${typeName(role.result)} and ${typeName(value.type)}`;
    c.fail(node, 'RK2001', `the helper ${message}`, 'convert, so that all returns have one type');
  }
  c.emit(node, { kind: 'return', value: value.e });
}
