import type { AnyNode, Expression as EsExpression } from 'acorn';
import type { Statement } from '../ir/types.ts';
import { contains, isFunction } from '../parse/index.ts';
import { attempt } from './actor-context.ts';
import { branch } from './branch.ts';
import { lowerDeclaration } from './declaration.ts';
import { lowerEffect } from './effect.ts';
import { lowerCondition } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { outside } from './outside.ts';
import { lowerBlock } from './statement.ts';
import type { Value } from './value.ts';

export function lowerFor(c: FunctionContext, node: AnyNode & { type: 'ForStatement' }): void {
  c.scoped(() => {
    const { init } = node;
    attempt(() => {
      if (init?.type === 'VariableDeclaration') lowerDeclaration(c, init);
      else if (init) lowerEffect(c, init);
    });
    lowerLoop(c, node, node.test ?? null, node.update ?? null, node.body);
  });
}

export function lowerWhile(c: FunctionContext, node: AnyNode & { type: 'WhileStatement' }): void {
  lowerLoop(c, node, node.test, null, node.body);
}

function lowerBody(c: FunctionContext, body: AnyNode): Statement[] {
  c.breakables.push({ kind: 'loop', continues: null });
  const { statements } = c.collect(() => lowerBlock(c, body));
  c.breakables.pop();
  return statements;
}

function lowerLoop(
  c: FunctionContext,
  node: AnyNode,
  test: EsExpression | null,
  update: EsExpression | null,
  body: AnyNode,
): void {
  const head = c.collect(() =>
    maybe(() => (test === null ? always(c, node) : lowerCondition(c, test))),
  );
  if (isAlways(c, test)) attempt(() => requireExit(c, node, body));
  const inside = lowerBody(c, body);
  const step = c.collect(() => attempt(() => update && lowerEffect(c, update))).statements;
  if (head.result === null) return;
  const condition = head.result;
  if (head.statements.length === 0) {
    c.emit(node, { kind: 'loop', condition: condition.e, body: inside, step });
    return;
  }
  // What the condition does is done again before each iteration.
  const leave: Statement = branch(negated(c, condition), [{ kind: 'break' }]);
  const all = [...head.statements, leave, ...inside];
  c.emit(node, { kind: 'loop', condition: always(c, node).e, body: all, step });
}

/** The condition is computed in the step, where `continue` leads; the first iteration needs none. */
export function lowerDoWhile(
  c: FunctionContext,
  node: AnyNode & { type: 'DoWhileStatement' },
): void {
  const id = c.newLocal('again', 'bool');
  c.out.push({ kind: 'let', id, value: always(c, node).e });
  if (isAlways(c, node.test)) attempt(() => requireExit(c, node, node.body));
  const body = lowerBody(c, node.body);
  const { statements, result } = c.collect(() => maybe(() => lowerCondition(c, node.test)));
  if (result === null) return;
  const step: Statement[] = [...statements, { kind: 'assign', id, value: result.e }];
  c.emit(node, { kind: 'loop', condition: c.readLocal(id).e, body, step });
}

function maybe(run: () => Value): Value | null {
  let value: Value | null = null;
  attempt(() => {
    value = run();
  });
  return value;
}

function always(c: FunctionContext, node: AnyNode): Value {
  return c.constant(true, 'bool', node);
}

export function negated(c: FunctionContext, { e }: Value): Value['e'] {
  return c.value({ kind: 'unary', type: 'bool', op: '!', operand: e }, 'bool').e;
}

/** Whether a condition is literally true; minifiers write !0, and leave it out. */
function isAlways(c: FunctionContext, test: EsExpression | null): boolean {
  if (test === null) return true;
  if (test.type === 'Literal') return test.value === true;
  if (test.type === 'UnaryExpression' && test.operator === '!') {
    return test.argument.type === 'Literal' && !test.argument.value;
  }
  return test.type === 'Identifier' && outside(c, test)?.value === true;
}

function isLoop(node: AnyNode): boolean {
  return /^(For|ForOf|While|DoWhile)Statement$/.test(node.type);
}

/** A loop that is always to go on must have a way out, or it holds the device for ever. */
function requireExit(c: FunctionContext, node: AnyNode, body: AnyNode): void {
  const breaks = contains(
    body,
    (inner) => inner.type === 'BreakStatement',
    (inner) => !isLoop(inner) && inner.type !== 'SwitchStatement' && !isFunction(inner),
  );
  const leaves = contains(
    body,
    (inner) => inner.type === 'ReturnStatement' || isFail(inner),
    (inner) => !isFunction(inner),
  );
  if (breaks || leaves) return;
  c.fail(
    node,
    'RK3024',
    'an endless loop would hold the device for ever',
    'give the loop a bound, for (let i = 0; i < 1000; i++), or a break',
  );
}

function isFail(node: AnyNode): boolean {
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  if (callee.type === 'Identifier') return callee.name === 'fail';
  const property = callee.type === 'MemberExpression' ? callee.property : null;
  return property?.type === 'Identifier' && property.name === 'fail';
}
