import type { MessageDescriptor } from '@ringkernel/core';
import type { Pattern } from 'acorn';
import type { Captured } from '../capture/inspector.ts';
import type { IrFunction, Statement, ValueType } from '../ir/types.ts';
import { type FunctionSource, parseFunction } from '../parse/function-source.ts';
import { decide, variable } from '../types/inference.ts';
import type { ActorContext, Locator } from './actor-context.ts';
import { lowerExpression } from './expression.ts';
import { FunctionContext, type UserFunction } from './function-context.ts';
import { messagePath } from './path.ts';
import {
  bindContext,
  bindMessage,
  lowerBlock,
  lowerExpressionStatement,
  returns,
} from './statement.ts';

const nowhere: Locator = {
  line: 1,
  column: 1,
  text: '',
  resolve: () => ({ file: null, line: 1, column: 1 }),
};

function sourceOf(
  actor: ActorContext,
  fn: UserFunction | string,
  label: string,
): FunctionSource | null {
  const source = parseFunction(fn);
  if (typeof source !== 'string') return source;
  const hint = 'pass the function itself, not the result of .bind()';
  actor.report('RK1001', label, `cannot read the source of ${label}: ${source}`, hint, nowhere);
  return null;
}

function finished(
  c: FunctionContext,
  parameters: readonly number[],
  body: Statement[],
  result: ValueType | null,
): IrFunction {
  c.finish();
  const locals = c.locals.map(({ id, name, t }) => ({ id, name, type: decide(t) }));
  return { name: c.label, parameters, result, locals, body };
}

/** A handler and a helper run to completion: nothing can be awaited on a device. */
function refuseAsync(c: FunctionContext): boolean {
  const { node } = c.source;
  if (!node.async && !node.generator) return false;
  const kind = node.async ? 'async' : 'a generator';
  c.attempt(() => {
    const hint = 'split it: send yourself a message for the part after the await';
    c.fail(
      node,
      'RK1002',
      `${c.label} is ${kind}; a handler runs to completion on the device`,
      hint,
    );
  });
  return true;
}

/** Lowers the handler of a message; null when its source can't be read. */
export function lowerHandler(
  actor: ActorContext,
  fn: UserFunction,
  message: MessageDescriptor,
): IrFunction | null {
  const label = `${actor.definition.name}.${message.name}`;
  const source = sourceOf(actor, fn, label);
  if (source === null) return null;
  const c: FunctionContext = new FunctionContext(actor, source, label, { message }, fn);
  if (refuseAsync(c)) return null;
  const body: Statement[] = [];
  const { node } = source;
  c.attempt(() => {
    bindParameters(c, node.params);
    if (node.body.type === 'BlockStatement') lowerBlock(c, node.body.body, body);
    else lowerExpressionStatement(c, node.body, body);
  });
  return finished(c, [], body, null);
}

function bindParameters(c: FunctionContext, [ctx, message, extra]: readonly Pattern[]): void {
  if (extra !== undefined) c.fail(extra, 'RK1003', 'a handler takes (ctx, message)');
  if (ctx?.type === 'Identifier') c.bind(ctx.name, { kind: 'context' });
  else if (ctx?.type === 'ObjectPattern') bindContext(c, ctx);
  else if (ctx !== undefined) c.fail(ctx, 'RK3021', 'ctx is a plain name or { … }');
  if (message?.type === 'Identifier') c.bind(message.name, { kind: 'path', path: messagePath(c) });
  else if (message?.type === 'ObjectPattern') bindMessage(c, message);
  else if (message !== undefined) c.fail(message, 'RK3021', 'the message is a plain name or { … }');
}

/** Lowers a helper for given argument types. `text` and `captured` are of a helper that a minifier put in place. */
export function lowerHelper(
  actor: ActorContext,
  fn: UserFunction,
  name: string,
  parameters: readonly ValueType[],
  text: string | null,
  captured: Captured | null,
): IrFunction | null {
  const source = sourceOf(actor, text ?? fn, name);
  if (source === null) return null;
  const own = text === null ? fn : null;
  const c: FunctionContext = new FunctionContext(
    actor,
    source,
    name,
    { parameters },
    own,
    captured,
  );
  if (refuseAsync(c)) return null;
  const before = actor.diagnostics.length;
  const body: Statement[] = [];
  const ids: number[] = [];
  c.attempt(() => {
    for (const [i, parameter] of source.node.params.entries()) {
      if (parameter.type !== 'Identifier')
        c.fail(parameter, 'RK3021', 'parameters of a helper are plain names');
      const id = c.newLocal(parameter.name, parameters[i] ?? variable('number'));
      ids.push(id);
      c.bind(parameter.name, { kind: 'local', id, mutable: true });
    }
    const { node } = source;
    if (node.body.type === 'BlockStatement') {
      lowerBlock(c, node.body.body, body);
      const sound = actor.diagnostics.length === before;
      if (sound && !alwaysReturns(body))
        c.fail(node, 'RK2019', `${name} must return a value`, 'end it with a return');
      return;
    }
    const value = lowerExpression(c, node.body);
    returns(c, node.body, value.t);
    body.push(...c.before.splice(0), { kind: 'return', value: value.e });
  });
  const lowered = finished(c, ids, body, 'i32');
  if (actor.diagnostics.length > before || c.result === null) return null;
  return { ...lowered, result: decide(c.result) };
}

function alwaysReturns(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  if (last?.kind === 'return') return true;
  return last?.kind === 'if' && alwaysReturns(last.then) && alwaysReturns(last.otherwise);
}
