import type { AnyNode } from 'acorn';

/** A syntax tree as data, for walking over every child. */
type Tree = { [key: string]: unknown };

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string'
  );
}

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
    /^_{0,2}cov/.test(at.callee.name)
  );
}

/** Takes coverage counters out of the tree: `(counter, e)` becomes `e`, a counter alone becomes nothing. */
export function stripCounters<T extends AnyNode>(node: T): T {
  const tree = node as unknown as Tree;
  for (const [key, value] of Object.entries(tree)) {
    if (Array.isArray(value)) tree[key] = value.map((v) => (isNode(v) ? stripCounters(v) : v));
    else if (isNode(value)) tree[key] = stripCounters(value);
  }
  if (node.type === 'SequenceExpression') {
    const rest = node.expressions.filter((e) => !isCounter(e));
    if (rest.length === 1) return rest[0] as unknown as T;
    if (rest.length < node.expressions.length) return { ...node, expressions: rest };
  }
  if (node.type === 'ExpressionStatement' && isCounter(node.expression)) {
    return {
      type: 'EmptyStatement',
      start: node.start,
      end: node.end,
      loc: node.loc,
    } as unknown as T;
  }
  return node;
}
