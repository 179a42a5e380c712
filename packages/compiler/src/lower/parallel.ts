import type { AnyNode, CallExpression, Expression as EsExpression } from 'acorn';
import { type FunctionNode, isFunction } from '../parse/index.ts';
import { anyNumber, bigints, restrict, typeName } from '../types/index.ts';
import { argumentNodes } from './arguments.ts';
import { lowerCount } from './context-member.ts';
import { lowerEffect } from './effect.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { checkRaces, type Section } from './section.ts';
import { lowerStatements } from './statement.ts';
import type { Value } from './value.ts';

/** A function written in place that takes the index, and `parameters - 1` more values. */
export function inPlace(
  c: FunctionContext,
  body: EsExpression,
  name: string,
  parameters: readonly string[],
): { body: FunctionNode; names: readonly (string | null)[] } {
  if (!isFunction(body)) {
    const shown = `${name}(n, (${parameters.join(', ')}) => …)`;
    c.fail(body, 'RK3009', `${name} takes a function written in place`, shown);
  }
  const { params } = body;
  if (params.length > parameters.length || params.some(({ type }) => type !== 'Identifier')) {
    const list = parameters.join(' and the ');
    c.fail(body, 'RK3021', `the function takes the ${list}, and nothing else`);
  }
  const names = parameters.map((_, i) => {
    const parameter = params[i];
    return parameter?.type === 'Identifier' ? parameter.name : null;
  });
  return { body, names };
}

/** Sections do not nest. */
export function requireOutside(c: FunctionContext, node: CallExpression, name: string): void {
  if (c.section === null) return;
  c.fail(node, 'RK3020', `${name} inside ${c.section.name}`, 'sections do not nest');
}

/** The count and the body of `ctx.name(count, i => …)`. */
function parts(
  c: FunctionContext,
  node: CallExpression,
  name: string,
): { count: EsExpression; body: FunctionNode; index: string | null } {
  const [count, fn] = argumentNodes(c, node, name, 2) as [EsExpression, EsExpression];
  const { body, names } = inPlace(c, fn, name, ['index']);
  requireOutside(c, node, name);
  return { count, body, index: names[0] ?? null };
}

/** Lowers the body of a section in its own scope. */
export function inSection<T>(
  c: FunctionContext,
  kind: Section['kind'],
  name: string,
  index: string | null,
  run: (section: Section, id: number) => T,
): { readonly id: number; readonly result: T; readonly statements: (typeof c)['out'] } {
  c.actor.requires.add('parallel');
  const fresh = c.locals.length;
  const id = c.newLocal(index ?? 'i', 'u32');
  const section: Section = { kind, name, index: id, fresh, loads: [], stores: [] };
  const outer = c.breakables;
  c.section = section;
  c.breakables = [];
  try {
    return c.scoped(() => {
      if (index !== null) c.bind(index, { kind: 'local', id, mutable: false });
      const { result, statements } = c.collect(() => run(section, id));
      checkRaces(c, section);
      return { id, result, statements };
    });
  } finally {
    c.section = null;
    c.breakables = outer;
  }
}

/** `ctx.parallelFor(count, i => { … })`. */
export function lowerParallelFor(c: FunctionContext, node: CallExpression): void {
  const { count, body, index } = parts(c, node, 'ctx.parallelFor');
  const times = lowerCount(c, count);
  const { id, statements } = inSection(c, 'parallel', 'ctx.parallelFor', index, () => {
    lowerIteration(c, body);
  });
  c.emit(node, { kind: 'parallel', count: times.e, index: id, body: statements });
}

/** What an iteration does. */
export function lowerIteration(c: FunctionContext, { body }: FunctionNode): void {
  if (body.type === 'BlockStatement') lowerStatements(c, body.body);
  else lowerEffect(c, body);
}

/** `ctx.sum(count, i => term)` and its kin. */
export function lowerReduction(
  c: FunctionContext,
  op: 'sum' | 'min' | 'max',
  node: CallExpression,
): Value {
  const name = `ctx.${op}`;
  const { count, body, index } = parts(c, node, name);
  const times = lowerCount(c, count);
  const term = inSection(c, 'reduce', name, index, () => lowerTerm(c, body, name));
  const { type, e } = term.result;
  if (!restrict(type, [...anyNumber, ...bigints])) {
    c.fail(body.body, 'RK2003', `${name} needs numbers, this is ${typeName(type)}`);
  }
  const id = c.newLocal(op, type);
  const statement = {
    kind: 'reduce',
    op,
    id,
    type: 'i32',
    count: times.e,
    index: term.id,
    body: term.statements,
    value: e,
  } as const;
  c.emit(node, statement);
  const emitted = c.out.at(-1) as { type: string };
  const result = c.readLocal(id);
  c.actor.atEnd(() => {
    emitted.type = result.e.type;
  });
  return result;
}

/** An expression, or a block that ends by returning one. */
export function lowerTerm(c: FunctionContext, body: FunctionNode, name: string): Value {
  if (body.body.type !== 'BlockStatement') return lowerExpression(c, body.body);
  const last = body.body.body.at(-1);
  if (last?.type !== 'ReturnStatement' || !last.argument) {
    const at: AnyNode = last ?? body;
    return c.fail(at, 'RK3020', `the function of ${name} ends by returning its term`);
  }
  lowerStatements(c, body.body.body.slice(0, -1));
  return lowerExpression(c, last.argument);
}
