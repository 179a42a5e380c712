import { type AnyNode, type ArrowFunctionExpression, type FunctionExpression, parse } from 'acorn';
import { stripCounters } from './coverage.ts';

type FunctionNode = FunctionExpression | ArrowFunctionExpression;

/** A function as text and tree. */
export interface FunctionSource {
  readonly node: FunctionNode;
  /** What `toString()` gave: positions in `node` count from here once `shift` is taken off the first line. */
  readonly raw: string;
  /** What was parsed: `raw` inside a wrapper. */
  readonly text: string;
  /** Characters the wrapper puts before `raw` on its first line. */
  readonly shift: number;
}

/** `toString()` of a method is not an expression by itself; one of these wrappers makes it one. */
const wrappers: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['({', '})'],
  ['(class{static ', '})'],
];

function unwrap(program: AnyNode): FunctionNode | null {
  if (program.type !== 'Program') return null;
  const statement = program.body[0];
  if (statement?.type !== 'ExpressionStatement') return null;
  let node: AnyNode = statement.expression;
  if (node.type === 'ObjectExpression') {
    const property = node.properties[0];
    if (property?.type !== 'Property') return null;
    node = property.value;
  } else if (node.type === 'ClassExpression') {
    const member = node.body.body[0];
    if (member?.type !== 'MethodDefinition') return null;
    node = member.value;
  }
  return node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
    ? node
    : null;
}

/** Why the source of a function can't be had, or the source. */
export function parseFunction(
  fn: ((...args: never[]) => unknown) | string,
): FunctionSource | string {
  const raw = typeof fn === 'string' ? fn : Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(raw)) return 'it is a native or bound function';
  let reason = 'it is not a function';
  for (const [before, after] of wrappers) {
    const text = before + raw + after;
    try {
      const program = parse(text, { ecmaVersion: 'latest', locations: true });
      const node = unwrap(program);
      if (node === null) continue;
      const counted = /\bcov_|__cov/.test(raw);
      return { node: counted ? stripCounters(node) : node, raw, text, shift: before.length };
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  return reason;
}
