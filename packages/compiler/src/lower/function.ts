import type { AnyNode, Expression as EsExpression, Pattern } from 'acorn';
import type { IrFunction, Local, Statement } from '../ir/types.ts';
import { decide, unify } from '../types/index.ts';
import { attempt } from './actor-context.ts';
import { bindContextPattern, bindPathPattern } from './declaration.ts';
import { lowerEffect } from './effect.ts';
import { lowerExpression, waitHint } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerStatements } from './statement.ts';
import { structPath } from './value.ts';

/** Lowers the whole of a function. The result is complete when the actor's types are decided. */
export function lowerBody(c: FunctionContext, name: string): IrFunction {
  const parameters: number[] = [];
  const { node } = c.source;
  const before = c.actor.findings.length;
  c.scoped(() => {
    attempt(() => {
      requireSynchronous(c);
      bindParameters(c, node.params, parameters);
      if (node.body.type === 'BlockStatement') lowerStatements(c, node.body.body);
      else lowerArrow(c, node.body);
      const sound = c.actor.findings.length === before;
      if (sound && c.role.kind === 'helper' && !alwaysReturns(c.out)) {
        const hint = 'end every way through it with return';
        c.fail(node, 'RK2019', `${name} must return a value`, hint);
      }
    });
  });
  const locals: Local[] = [];
  const { role } = c;
  const result: IrFunction = {
    name,
    parameters,
    result: null,
    locals,
    body: [...c.hoisted, ...c.out],
  };
  c.actor.atEnd(() => {
    for (const { id, name: local, type } of c.locals) {
      locals.push({ id, name: local, type: decide(type) });
    }
    if (role.kind === 'helper') (result as { result: unknown }).result = decide(role.result);
  });
  return result;
}

function requireSynchronous(c: FunctionContext): void {
  const { node } = c.source;
  if (!node.async && !node.generator) return;
  const what = node.async ? 'async' : 'a generator';
  c.fail(node, 'RK1002', `it is ${what}, but a handler runs to completion`, waitHint);
}

/** `(ctx, m) => ctx.state.n += m.by`, or the value of a helper. */
function lowerArrow(c: FunctionContext, body: EsExpression): void {
  const { role } = c;
  if (role.kind === 'handler') {
    lowerEffect(c, body);
    return;
  }
  const value = lowerExpression(c, body);
  unify(role.result, value.type);
  c.emit(body, { kind: 'return', value: value.e });
}

function bindParameters(
  c: FunctionContext,
  params: readonly Pattern[],
  parameters: number[],
): void {
  const { role } = c;
  if (role.kind === 'handler') {
    bindHandler(c, params);
    return;
  }
  params.forEach((param, i) => {
    if (param.type !== 'Identifier') {
      c.fail(param, 'RK3021', 'the parameters of a helper are plain names');
    }
    const id = c.newLocal(param.name, role.parameters[i] ?? 'i32');
    parameters.push(id);
    c.bind(param.name, { kind: 'local', id, mutable: true });
  });
}

function bindHandler(c: FunctionContext, params: readonly Pattern[]): void {
  const [context, message, extra] = params;
  if (extra !== undefined) c.fail(extra, 'RK1003', 'a handler takes (ctx, message), no more');
  if (context?.type === 'Identifier') c.bind(context.name, { kind: 'context' });
  else if (context?.type === 'ObjectPattern') bindContextPattern(c, context);
  else if (context !== undefined) refuse(c, context);
  if (message === undefined || c.role.kind !== 'handler') return;
  const path = structPath('message', c.role.message.layout);
  if (message.type === 'Identifier') c.bind(message.name, { kind: 'path', path });
  else if (message.type === 'ObjectPattern') bindPathPattern(c, message, path, 'const', message);
  else refuse(c, message);
}

function refuse(c: FunctionContext, node: AnyNode): never {
  const message = 'a parameter is a name or an object pattern, without a default';
  return c.fail(node, 'RK3021', message);
}

/** Whether a list of statements ends in a return whichever way it goes. */
function alwaysReturns(statements: readonly Statement[]): boolean {
  return statements.some((statement) => {
    if (statement.kind === 'return') return true;
    if (statement.kind === 'if') {
      return alwaysReturns(statement.then) && alwaysReturns(statement.otherwise);
    }
    // A loop that always goes on ends by a return, if nothing breaks out of it.
    const { kind } = statement;
    return kind === 'loop' && isTrue(statement.condition) && !breaksOut(statement.body);
  });
}

function isTrue(e: { readonly kind: string; readonly value?: unknown }): boolean {
  return e.kind === 'const' && e.value === true;
}

function breaksOut(statements: readonly Statement[]): boolean {
  return statements.some(
    (statement) =>
      statement.kind === 'break' ||
      (statement.kind === 'if' && (breaksOut(statement.then) || breaksOut(statement.otherwise))),
  );
}
