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

/** The nodes directly inside a node. */
export function childNodes(node: AnyNode): AnyNode[] {
  return Object.values(node as unknown as Tree)
    .flat()
    .filter(isNode);
}

/** Replaces the nodes directly inside a node. */
export function mapChildren(node: AnyNode, map: (child: AnyNode) => AnyNode): void {
  const tree = node as unknown as Tree;
  for (const [key, value] of Object.entries(tree)) {
    if (Array.isArray(value)) tree[key] = value.map((v) => (isNode(v) ? map(v) : v));
    else if (isNode(value)) tree[key] = map(value);
  }
}

/** Whether a node or one inside it fits. `enter` says which nodes to look into. */
export function contains(
  node: AnyNode,
  fits: (node: AnyNode) => boolean,
  enter: (node: AnyNode) => boolean = () => true,
): boolean {
  if (fits(node)) return true;
  return enter(node) && childNodes(node).some((child) => contains(child, fits, enter));
}

/** What the members of a chain `a.b[c].d` begin with: `a`. */
export function rootOf(node: AnyNode): AnyNode {
  let root = node;
  while (root.type === 'MemberExpression') root = root.object;
  return root;
}

/** The text of a string literal; minifiers write templates without holes for them. */
export function stringOf(node: AnyNode): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return null;
  return node.quasis[0]?.value.cooked ?? null;
}
