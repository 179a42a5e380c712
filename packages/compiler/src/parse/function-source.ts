import { type AnyNode, type ArrowFunctionExpression, type FunctionExpression, parse } from 'acorn';
import { isCounted, stripCounters } from './coverage.ts';

export type FunctionNode = FunctionExpression | ArrowFunctionExpression;

export type UserFunction = (...args: never[]) => unknown;

/** A function as text and tree. */
export interface FunctionSource {
  readonly node: FunctionNode;
  /** What `toString()` gave. */
  readonly raw: string;
  /** What was parsed: `raw` inside a wrapper. */
  readonly text: string;
  /** Characters the wrapper puts before `raw` on its first line. */
  readonly shift: number;
  /** Index in `text` of the character that V8 calls the function's location: where its parameters begin. */
  readonly anchor: number;
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

export function isFunction(node: AnyNode): node is FunctionNode {
  return node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** A method's node begins at its parameters already, an arrow function's too. */
function anchorOf(node: FunctionNode, text: string, shift: number): number {
  if (node.type === 'ArrowFunctionExpression' || node.start > shift) return node.start;
  return text.indexOf('(', node.id?.end ?? node.start);
}

/** The source of a function (or of its text), or why it can't be had. */
export function parseFunction(fn: UserFunction | string): FunctionSource | string {
  const raw = typeof fn === 'string' ? fn : Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(raw)) return 'it is a native or bound function';
  let reason = 'it is not a function';
  for (const [before, after] of wrappers) {
    const text = before + raw + after;
    try {
      const program = parse(text, { ecmaVersion: 'latest', locations: true });
      const node = unwrap(program);
      if (node === null) continue;
      const shift = before.length;
      const anchor = anchorOf(node, text, shift);
      if (isCounted(raw)) stripCounters(node);
      return { node, raw, text, shift, anchor };
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  return reason;
}
