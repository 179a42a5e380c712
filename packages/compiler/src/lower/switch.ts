import type { AnyNode, SwitchCase } from 'acorn';
import type { Statement } from '../ir/types.ts';
import { contains, isFunction } from '../parse/index.ts';
import { branch } from './branch.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { combine } from './operator.ts';
import { lowerStatements } from './statement.ts';
import type { Value } from './value.ts';

type Switch = AnyNode & { type: 'SwitchStatement' };

/** Cases that share a body. */
interface Arm {
  readonly tests: readonly AnyNode[];
  readonly isDefault: boolean;
  readonly body: readonly AnyNode[];
}

/** A switch becomes a chain of ifs; one with a `break` in the middle of a case, such a chain in a loop of one turn. */
export function lowerSwitch(c: FunctionContext, node: Switch): void {
  const value = c.pin(lowerExpression(c, node.discriminant), 'on');
  const arms = armsOf(c, node);
  const leavesEarly = arms.some(({ body }) => body.some(hasBreak));
  const inLoop = c.breakables.some(({ kind }) => kind === 'loop');
  const continues =
    leavesEarly && inLoop && arms.some(({ body }) => body.some(hasContinue))
      ? c.newLocal('next', 'bool')
      : null;
  if (continues !== null) c.out.push({ kind: 'let', id: continues, value: null });
  if (leavesEarly) c.breakables.push({ kind: 'switch', continues });
  const { statements } = c.collect(() => c.scoped(() => lowerArms(c, node, value, arms)));
  if (!leavesEarly) {
    c.out.push(...statements);
    return;
  }
  c.breakables.pop();
  const body: Statement[] = [...statements, { kind: 'break' }];
  c.emit(node, { kind: 'loop', condition: c.constant(true, 'bool', node).e, body, step: [] });
  if (continues === null) return;
  const then: Statement[] = [
    c.breakables.at(-1)?.kind === 'switch' ? { kind: 'break' } : { kind: 'continue' },
  ];
  c.emit(node, branch(c.readLocal(continues).e, then));
}

function lowerArms(c: FunctionContext, node: Switch, value: Value, arms: readonly Arm[]): void {
  // The default is taken when nothing else fits, wherever it stands.
  const last = arms.find(({ isDefault }) => isDefault);
  let chain = c.collect(() => last && lowerStatements(c, last.body)).statements;
  for (const arm of [...arms].reverse()) {
    if (arm.isDefault) continue;
    const otherwise = chain;
    chain = c.collect(() => {
      const condition = lowerTests(c, value, arm.tests);
      const then = c.collect(() => lowerStatements(c, arm.body)).statements;
      c.emit(arm.tests[0] ?? node, branch(condition, then, otherwise));
    }).statements;
  }
  c.out.push(...chain);
}

function lowerTests(c: FunctionContext, value: Value, tests: readonly AnyNode[]): Value['e'] {
  const matches = tests.map((test) => combine(c, test, '===', value, lowerExpression(c, test)));
  return matches.reduce((left, right) =>
    c.value({ kind: 'binary', type: 'bool', op: '||', left: left.e, right: right.e }, 'bool'),
  ).e;
}

function armsOf(c: FunctionContext, node: Switch): Arm[] {
  const arms: Arm[] = [];
  let tests: AnyNode[] = [];
  let isDefault = false;
  for (const branch of node.cases) {
    if (branch.test) tests.push(branch.test);
    else isDefault = true;
    if (branch.consequent.length === 0 && branch !== node.cases.at(-1)) continue;
    requireEnd(c, branch, branch === node.cases.at(-1));
    arms.push({ tests, isDefault, body: withoutBreak(branch.consequent) });
    tests = [];
    isDefault = false;
  }
  return arms;
}

/** The statements of a case without the `break` at their end. */
function withoutBreak(nodes: readonly AnyNode[]): readonly AnyNode[] {
  const [only] = nodes;
  const list = nodes.length === 1 && only?.type === 'BlockStatement' ? only.body : nodes;
  return list.at(-1)?.type === 'BreakStatement' ? list.slice(0, -1) : list;
}

function requireEnd(c: FunctionContext, branch: SwitchCase, isLast: boolean): void {
  const last = branch.consequent.at(-1);
  if (isLast || (last !== undefined && leaves(last))) return;
  const message = 'this case goes on into the next';
  c.fail(branch, 'RK3025', message, 'end it with break, or list the cases: case 1: case 2:');
}

/** Whether nothing after a statement is reached. */
export function leaves(node: AnyNode): boolean {
  switch (node.type) {
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ReturnStatement':
      return true;
    case 'BlockStatement':
      return node.body.some(leaves);
    case 'IfStatement':
      return node.alternate ? leaves(node.consequent) && leaves(node.alternate) : false;
    default:
      return false;
  }
}

function hasBreak(node: AnyNode): boolean {
  return contains(
    node,
    (inner) => inner.type === 'BreakStatement',
    (inner) => !isFunction(inner) && !/^(For|While|DoWhile|Switch)/.test(inner.type),
  );
}

function hasContinue(node: AnyNode): boolean {
  return contains(
    node,
    (inner) => inner.type === 'ContinueStatement',
    (inner) => !isFunction(inner) && !/^(For|While|DoWhile)/.test(inner.type),
  );
}
