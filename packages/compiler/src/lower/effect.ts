import type { AnyNode, Expression as EsExpression } from 'acorn';
import { stringOf } from '../parse/index.ts';
import { lowerAssignment, lowerUpdate } from './assignment.ts';
import { branch } from './branch.ts';
import { calleeOf } from './callee.ts';
import { lowerAction } from './context-action.ts';
import { contextActions } from './context-member.ts';
import { lowerCondition, lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';

/** Lowers an expression for what it does; its value is not used. */
export function lowerEffect(c: FunctionContext, node: AnyNode): void {
  switch (node.type) {
    case 'Literal':
    case 'TemplateLiteral':
      if (stringOf(node) === null) lowerExpression(c, node);
      return; // 'use strict' and the like
    case 'SequenceExpression':
      for (const part of node.expressions) lowerEffect(c, part);
      return;
    case 'UnaryExpression':
      if (node.operator === 'void' || node.operator === '!') lowerEffect(c, node.argument);
      else lowerExpression(c, node);
      return;
    case 'AssignmentExpression':
      lowerAssignment(c, node, false);
      return;
    case 'UpdateExpression':
      lowerUpdate(c, node, false);
      return;
    case 'LogicalExpression':
      lowerGuarded(c, node);
      return;
    case 'ConditionalExpression':
      lowerChoice(c, node.test, node.consequent, node.alternate);
      return;
    case 'CallExpression':
      if (isNameTag(node)) return;
      if (!lowerCallEffect(c, node)) c.pin(lowerExpression(c, node));
      return;
    default:
      lowerExpression(c, node);
  }
}

/** `__name(f, 'f')`, which esbuild adds to keep names. */
function isNameTag(node: AnyNode & { type: 'CallExpression' }): boolean {
  return node.callee.type === 'Identifier' && node.callee.name === '__name';
}

function lowerCallEffect(c: FunctionContext, node: AnyNode & { type: 'CallExpression' }): boolean {
  const callee = calleeOf(c, node.callee);
  if (callee?.kind !== 'context') return false;
  const action = contextActions.find((name) => name === callee.name);
  if (action === undefined) return false;
  lowerAction(c, action, node);
  return true;
}

/** `a && b()` and `a || b()`, which minifiers write for `if`. */
function lowerGuarded(c: FunctionContext, node: AnyNode & { type: 'LogicalExpression' }): void {
  if (node.operator === '??') {
    lowerExpression(c, node);
    return;
  }
  const { e } = lowerCondition(c, node.left);
  const then = c.collect(() => lowerEffect(c, node.right)).statements;
  const operand = e;
  const condition =
    node.operator === '&&'
      ? e
      : c.value({ kind: 'unary', type: 'bool', op: '!', operand }, 'bool').e;
  c.emit(node, branch(condition, then));
}

function lowerChoice(
  c: FunctionContext,
  test: EsExpression,
  yes: EsExpression,
  no: EsExpression,
): void {
  const condition = lowerCondition(c, test).e;
  const then = c.collect(() => lowerEffect(c, yes)).statements;
  const otherwise = c.collect(() => lowerEffect(c, no)).statements;
  c.emit(test, branch(condition, then, otherwise));
}
