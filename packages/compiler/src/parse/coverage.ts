import type { AnyNode } from 'acorn';
import { mapChildren } from './tree.ts';

/** `cov_abc().s[0]++` and its kin: what istanbul adds to count. */
export function isCounter(node: AnyNode): boolean {
  let at: AnyNode;
  if (node.type === 'UpdateExpression') at = node.argument;
  else if (node.type === 'CallExpression') at = node;
  else return false;
  while (at.type === 'MemberExpression') at = at.object;
  return (
    at.type === 'CallExpression' &&
    at.callee.type === 'Identifier' &&
    /^(cov_|__cov)/.test(at.callee.name)
  );
}

/** Whether a function's text may hold counters. */
export function isCounted(text: string): boolean {
  return /\bcov_|__cov/.test(text);
}

/** Takes coverage counters out of the tree: `(counter, e)` becomes `e`, a counter alone becomes nothing. */
export function stripCounters(node: AnyNode): AnyNode {
  mapChildren(node, stripCounters);
  if (node.type === 'SequenceExpression') {
    const rest = node.expressions.filter((e) => !isCounter(e));
    const [only] = rest;
    if (rest.length === 1 && only !== undefined) return only;
    if (rest.length > 0) node.expressions = rest;
  }
  if (node.type === 'ExpressionStatement' && isCounter(node.expression)) {
    const { start, end } = node;
    return { type: 'EmptyStatement', start, end, loc: node.loc ?? null };
  }
  // A case with nothing but its counter goes on into the next, as it did before.
  if (node.type === 'SwitchCase') {
    node.consequent = node.consequent.filter(({ type }) => type !== 'EmptyStatement');
  }
  return node;
}
