import type { CallExpression, Expression as EsExpression } from 'acorn';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import type { Value } from './value.ts';

/** Exactly `count` arguments, as written. */
export function argumentNodes(
  c: FunctionContext,
  node: CallExpression,
  name: string,
  count: number,
): EsExpression[] {
  const found = node.arguments.length;
  const spread = node.arguments.find((argument) => argument.type === 'SpreadElement');
  if (spread !== undefined) c.fail(spread, 'RK3002', "'...' is not in the language");
  if (found !== count) {
    const wanted = `${count} argument${count === 1 ? '' : 's'}`;
    c.fail(node, 'RK2013', `${name} takes ${wanted}, found ${found}`);
  }
  return node.arguments as EsExpression[];
}

/** Exactly `count` arguments, evaluated from left to right. */
export function lowerArguments(
  c: FunctionContext,
  node: CallExpression,
  name: string,
  count: number,
): Value[] {
  const nodes = argumentNodes(c, node, name, count);
  return c.inOrder(nodes.map((argument) => () => lowerExpression(c, argument)));
}
