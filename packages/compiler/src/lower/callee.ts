import type { AnyNode } from 'acorn';
import { type FunctionNode, isFunction, type UserFunction } from '../parse/index.ts';
import { isWord, type Word } from './conversion.ts';
import type { FunctionContext } from './function-context.ts';
import { outside } from './outside.ts';
import { isContext, memberName } from './path.ts';

/** What is called. */
export type Callee =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'math'; readonly name: string }
  | { readonly kind: 'bigint'; readonly name: string }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'helper'; readonly fn: UserFunction; readonly name: string }
  /** A helper that a minifier wrote in place of its name. */
  | { readonly kind: 'inlined'; readonly fn: FunctionNode };

const mathNames = new Map<unknown, string>(
  Object.getOwnPropertyNames(Math).map((name) => [Math[name as keyof Math], name]),
);

/** JavaScript's conversions, which mean several things, and what to write for them. */
export const casts: Readonly<Record<string, string>> = {
  Number: 'say what it becomes: i32(x), u32(x), f32(x) or f64(x)',
  BigInt: 'u64(x) or i64(x)',
  Boolean: 'bool(x), or compare: x !== 0',
  parseInt: 'i32(x) or u32(x)',
};

/** Recognised by what it is, not by its name: bundlers rename, and every copy of the core has words of its own. */
function known(value: unknown, name: string): Callee | null {
  if (typeof value !== 'function') return null;
  const { kind, scalar } = value as { kind?: unknown; scalar?: unknown };
  if (kind === 'scalar' && typeof scalar === 'string' && isWord(scalar)) {
    return { kind: 'word', word: scalar };
  }
  const math = mathNames.get(value);
  if (math !== undefined) return { kind: 'math', name: math };
  return { kind: 'helper', fn: value as UserFunction, name };
}

/** null when it is nothing that can be called. */
export function calleeOf(c: FunctionContext, node: AnyNode): Callee | null {
  if (isFunction(node)) return { kind: 'inlined', fn: node };
  if (node.type === 'SequenceExpression' && node.expressions.length === 2) {
    const [zero, last] = node.expressions;
    return zero?.type === 'Literal' && last !== undefined ? calleeOf(c, last) : null;
  }
  if (node.type === 'Identifier') {
    const binding = c.lookup(node.name);
    if (binding?.kind === 'member') return contextCallee(binding.name);
    if (binding !== undefined && binding.kind !== 'outside') return null;
    if (binding === undefined && node.name in casts) return null;
    const value = outside(c, node);
    if (value !== null) return known(value.value, node.name);
    return isWord(node.name) ? { kind: 'word', word: node.name } : null;
  }
  if (node.type !== 'MemberExpression') return null;
  const name = memberName(node);
  if (name === null) return null;
  if (isContext(c, node.object)) return contextCallee(name);
  const { object } = node;
  if (object.type === 'Identifier' && c.lookup(object.name) === undefined) {
    if (object.name === 'Math') return { kind: 'math', name };
    if (object.name === 'BigInt') return { kind: 'bigint', name };
  }
  const value = outside(c, node);
  if (value !== null && value.value !== undefined) return known(value.value, name);
  // Where closures can't be read, an imported word is still known by its name: `lib.u32`.
  return isWord(name) ? { kind: 'word', word: name } : null;
}

function contextCallee(name: string): Callee {
  return isWord(name) ? { kind: 'word', word: name } : { kind: 'context', name };
}
