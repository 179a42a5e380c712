import type { CallExpression } from 'acorn';
import { type FunctionSource, parseFunction, type UserFunction } from '../parse/index.ts';
import { anyType, prune, type Type, variable } from '../types/index.ts';
import type { HelperInstance } from './actor-context.ts';
import { lowerArguments } from './arguments.ts';
import type { Callee } from './callee.ts';
import { lowerBody } from './function.ts';
import { FunctionContext } from './function-context.ts';
import type { Value } from './value.ts';

type HelperCallee = Extract<Callee, { kind: 'helper' | 'inlined' }>;

/** A call of a plain function: it is compiled once for each list of argument types. */
export function callHelper(c: FunctionContext, callee: HelperCallee, node: CallExpression): Value {
  const key = callee.fn;
  const name = callee.kind === 'helper' ? callee.name : (callee.fn.id?.name ?? 'inlined');
  if (c.actor.broken.has(key)) return c.skip();
  const source = sourceOf(c, callee, node, name);
  const args = lowerArguments(c, node, name, source.node.params.length);
  const { actor } = c;
  const start = actor.inProgress.findIndex((other) => other.key === key);
  if (start >= 0) {
    const names = [...actor.inProgress.slice(start).map((other) => other.name), name];
    const message = `recursion: ${names.join(' → ')}; there is no call stack on a GPU`;
    c.fail(node, 'RK3016', message, 'use a loop, or send a message to ctx.self');
  }
  const types = args.map(({ type }) => type);
  const instance = findInstance(c, callee, types) ?? instantiate(c, callee, source, name, types);
  const call = { kind: 'call', type: 'i32', fn: instance.index, args: args.map(({ e }) => e) };
  return c.value(call as Value['e'], instance.result);
}

function sourceOf(
  c: FunctionContext,
  callee: HelperCallee,
  node: CallExpression,
  name: string,
): FunctionSource {
  if (callee.kind === 'inlined') return { ...c.source, node: callee.fn };
  const source = parseFunction(callee.fn);
  if (typeof source !== 'string') return source;
  c.actor.broken.add(callee.fn);
  const message = `the source of ${name} can't be read: ${source}`;
  return c.fail(node, 'RK1001', message, 'pass the function itself, not the result of bind()');
}

/** A call of a function of the compiler's own, with arguments whose types are known. */
export function applyHelper(
  c: FunctionContext,
  fn: UserFunction,
  name: string,
  args: readonly Value[],
): Value {
  const callee = { kind: 'helper', fn, name } as const;
  const source = parseFunction(fn);
  if (typeof source === 'string')
    throw new TypeError(`the source of ${name} can't be read: ${source}`);
  const types = args.map(({ type }) => type);
  const { index, result } =
    findInstance(c, callee, types) ?? instantiate(c, callee, source, name, types);
  const values = args.map(({ e }) => e);
  return c.value({ kind: 'call', type: 'i32', fn: index, args: values }, result);
}

/** One with the same types, if nothing in it is left to be decided by its caller. */
function findInstance(
  c: FunctionContext,
  callee: HelperCallee,
  types: readonly Type[],
): HelperInstance | undefined {
  if (callee.kind === 'inlined') return undefined;
  return c.actor.helpers.get(callee.fn)?.find(
    ({ parameters, result }) =>
      typeof prune(result) === 'string' &&
      parameters.every((type, i) => {
        const known = prune(type);
        return typeof known === 'string' && known === prune(types[i] ?? 'bool');
      }),
  );
}

function instantiate(
  c: FunctionContext,
  callee: HelperCallee,
  source: FunctionSource,
  name: string,
  parameters: readonly Type[],
): HelperInstance {
  const { actor } = c;
  const result = variable(anyType);
  const owner = callee.kind === 'helper' ? callee.fn : c.owner;
  const label = `${c.label} > ${name}`;
  const helper = new FunctionContext(actor, source, owner, label, {
    kind: 'helper',
    parameters,
    result,
  });
  const before = actor.findings.length;
  actor.inProgress.push({ key: callee.fn, name });
  const lowered = lowerBody(helper, name);
  actor.inProgress.pop();
  if (actor.findings.length > before) {
    actor.broken.add(callee.fn);
    return c.skip();
  }
  // After the helpers it calls: a function calls only functions before it.
  const index = actor.functions.push(lowered) - 1;
  actor.functionLines.push(helper.lineLocator());
  const instance = { index, parameters, result };
  if (callee.kind === 'helper') {
    actor.helpers.set(callee.fn, [...(actor.helpers.get(callee.fn) ?? []), instance]);
  }
  return instance;
}
