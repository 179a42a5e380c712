import type { AnyNode, SwitchCase, SwitchStatement } from 'acorn';
import type { Expression, Statement } from '../ir/types.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerBlock } from './statement.ts';

/** One arm: what it tests (null: default) and what it does. */
interface Arm {
  readonly tests: SwitchCase['test'][];
  readonly isDefault: boolean;
  readonly body: readonly AnyNode[];
}

/** The statements of a case without the `break` that ends it; falling through is refused. */
function bodyOf(c: FunctionContext, node: SwitchCase, isLast: boolean): readonly AnyNode[] {
  const only = node.consequent.length === 1 ? node.consequent[0] : undefined;
  const body: readonly AnyNode[] = only?.type === 'BlockStatement' ? only.body : node.consequent;
  const last = body.at(-1);
  if (last?.type === 'BreakStatement' && !last.label) return body.slice(0, -1);
  if (last?.type === 'ReturnStatement' || last?.type === 'ContinueStatement' || isLast) return body;
  return c.fail(
    node,
    'RK3025',
    'this case falls through',
    'end it with break or return, or join the cases: case 1: case 2:',
  );
}

function armsOf(c: FunctionContext, node: SwitchStatement): Arm[] {
  const arms: Arm[] = [];
  let tests: SwitchCase['test'][] = [];
  let isDefault = false;
  for (const [i, one] of node.cases.entries()) {
    if (one.test) tests.push(one.test);
    else isDefault = true;
    const isLast = i === node.cases.length - 1;
    if (one.consequent.length === 0 && !isLast) continue; // joined with the next
    arms.push({ tests, isDefault, body: bodyOf(c, one, isLast) });
    tests = [];
    isDefault = false;
  }
  return arms;
}

/** A `break` that does not end its case would leave the loop that the chain of ifs becomes part of. */
function refuseInnerBreak(c: FunctionContext, node: AnyNode): void {
  if (node.type === 'BreakStatement') {
    c.fail(
      node,
      'RK3025',
      'break in the middle of a case',
      'turn the condition round, or move the case into a helper',
    );
  }
  const loops = ['ForStatement', 'WhileStatement', 'DoWhileStatement', 'SwitchStatement'];
  if (loops.includes(node.type)) return;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') refuseInnerBreak(c, child as AnyNode);
    }
  }
}

/** A chain of ifs on a value that is read once; `default` stands last, wherever it was written. */
export function lowerSwitch(c: FunctionContext, node: SwitchStatement, out: Statement[]): void {
  const { result: value, before } = c.aside(() => lowerExpression(c, node.discriminant));
  out.push(...before);
  const id = c.newLocal('value', value.t);
  out.push({ kind: 'let', id, value: value.e });
  const arms = armsOf(c, node);
  let chain: readonly Statement[] = [];
  for (const arm of [
    ...arms.filter((a) => a.isDefault),
    ...arms.filter((a) => !a.isDefault).reverse(),
  ]) {
    for (const part of arm.body) refuseInnerBreak(c, part);
    const then: Statement[] = [];
    c.scoped(() => lowerBlock(c, arm.body, then));
    if (arm.isDefault) chain = then;
    else chain = [{ kind: 'if', condition: anyOf(c, node, id, arm), then, otherwise: chain }];
  }
  out.push(...chain);
}

function anyOf(c: FunctionContext, node: SwitchStatement, id: number, arm: Arm): Expression {
  let condition: Expression | null = null;
  for (const test of arm.tests) {
    if (!test) continue;
    const wanted = lowerExpression(c, test);
    const read = c.readLocal(id);
    c.unify(node, read.t, wanted.t, 'case');
    const same = c.value(
      { kind: 'binary', type: 'bool', op: '==', left: read.e, right: wanted.e },
      'bool',
    ).e;
    condition =
      condition === null
        ? same
        : c.value({ kind: 'binary', type: 'bool', op: '||', left: condition, right: same }, 'bool')
            .e;
  }
  return condition ?? { kind: 'const', type: 'bool', value: true };
}
