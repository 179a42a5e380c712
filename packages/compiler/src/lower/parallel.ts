import type { AnyNode, CallExpression, Expression as EsExpression, Identifier } from 'acorn';
import type { Statement } from '../ir/types.ts';
import { prune, typeName } from '../types/inference.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext, Value } from './function-context.ts';
import { lowerBlock, lowerExpressionStatement } from './statement.ts';

/** The function written in place that a parallel section runs for each index. */
interface Section {
  readonly body: AnyNode;
  readonly index: string | null;
}

function sectionOf(
  c: FunctionContext,
  node: AnyNode,
  arg: EsExpression | undefined,
  name: string,
): Section {
  const arrow =
    arg?.type === 'ArrowFunctionExpression' || arg?.type === 'FunctionExpression' ? arg : null;
  if (arrow === null)
    return c.fail(arg ?? node, 'RK3009', `${name} takes a function written in place`);
  const parameter = arrow.params[0];
  if (arrow.params.length > 1 || (parameter !== undefined && parameter.type !== 'Identifier')) {
    c.fail(arrow, 'RK3021', `the function of ${name} takes one plain name: the index`);
  }
  return { body: arrow.body, index: (parameter as Identifier | undefined)?.name ?? null };
}

function count(c: FunctionContext, node: EsExpression, name: string): Value {
  const value = lowerExpression(c, node);
  c.unify(node, value.t, 'u32', `the count of ${name}`);
  return value;
}

/** Runs `lower` inside a section, with the index bound to a new local. */
function inside<T>(
  c: FunctionContext,
  node: AnyNode,
  section: Section,
  lower: (index: number) => T,
): T {
  if (c.parallelDepth > 0) c.fail(node, 'RK3020', 'a parallel section inside a parallel section');
  if (c.role.message === undefined)
    c.fail(node, 'RK3015', 'a helper has no ctx', 'call it from the handler');
  c.actor.requires.add('parallel');
  c.parallelDepth++;
  try {
    return c.scoped(() => {
      const id = c.newLocal(section.index ?? 'i', 'u32');
      if (section.index !== null) c.bind(section.index, { kind: 'local', id, mutable: false });
      return lower(id);
    });
  } finally {
    c.parallelDepth--;
  }
}

/** `ctx.parallelFor(n, i => …)`. */
export function lowerParallelFor(c: FunctionContext, node: CallExpression, out: Statement[]): void {
  const [first, second] = node.arguments as EsExpression[];
  const section = sectionOf(c, node, second, 'ctx.parallelFor');
  if (first === undefined) c.fail(node, 'RK2013', 'ctx.parallelFor takes a count and a function');
  const times = count(c, first, 'ctx.parallelFor');
  const saved = c.loopDepth;
  c.loopDepth = 0;
  const statement = inside(c, node, section, (index): Statement => {
    const body: Statement[] = [];
    if (section.body.type === 'BlockStatement') lowerBlock(c, section.body.body, body);
    else lowerExpressionStatement(c, section.body as EsExpression, body);
    return { kind: 'parallel', count: times.e, index, body };
  });
  c.loopDepth = saved;
  out.push(...c.before.splice(0), statement);
}

/** `ctx.sum(n, i => term)`, `ctx.min`, `ctx.max`. */
export function lowerReduce(
  c: FunctionContext,
  node: AnyNode,
  op: 'sum' | 'min' | 'max',
  args: readonly EsExpression[],
): Value {
  const name = `ctx.${op}`;
  const [first, second] = args;
  const section = sectionOf(c, node, second, name);
  if (first === undefined) c.fail(node, 'RK2013', `${name} takes a count and a function`);
  if (section.body.type === 'BlockStatement') {
    c.fail(section.body, 'RK3009', `${name} takes its term as an arrow function: i => expression`);
  }
  const times = count(c, first, name);
  return inside(c, node, section, (index) => {
    const { result: term, before } = c.aside(() =>
      lowerExpression(c, section.body as EsExpression),
    );
    if (prune(term.t) === 'bool') {
      c.fail(section.body, 'RK2003', `${name} needs numbers, not ${typeName(term.t)}`);
    }
    const id = c.newLocal(op, term.t);
    const reduce: Statement = {
      kind: 'reduce',
      op,
      id,
      type: 'i32',
      count: times.e,
      index,
      body: before,
      value: term.e,
    };
    c.settleType(reduce, term.t);
    c.before.push(reduce);
    return c.readLocal(id);
  });
}
