import type { AnyNode, Expression as EsExpression, MemberExpression } from 'acorn';
import { mayFault } from '../ir/walk.ts';
import { typeName, unify, variable, words } from '../types/index.ts';
import { lowerAssignment, lowerUpdate } from './assignment.ts';
import { branch } from './branch.ts';
import { lowerCall } from './call.ts';
import { lowerContextMember } from './context-member.ts';
import { lowerEffect } from './effect.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerBinary, lowerUnary } from './operator.ts';
import { literal, outside } from './outside.ts';
import { isContext, load, lowerPath, memberName, memberPath, statePath } from './path.ts';
import { lowerTableLoad } from './table.ts';
import type { Value } from './value.ts';

const noStrings = 'use a number, or the id of something';

/** Lowers an expression for its value. What it does besides is written to `c.out` first. */
export function lowerExpression(c: FunctionContext, node: AnyNode): Value {
  switch (node.type) {
    case 'Literal':
      return lowerLiteral(c, node);
    case 'Identifier':
      return lowerName(c, node);
    case 'MemberExpression':
      return lowerMember(c, node);
    case 'UnaryExpression':
      return lowerUnary(c, node);
    case 'BinaryExpression':
      return lowerBinary(c, node);
    case 'LogicalExpression':
      return lowerLogical(c, node);
    case 'ConditionalExpression':
      return lowerConditional(c, node);
    case 'SequenceExpression':
      for (const first of node.expressions.slice(0, -1)) lowerEffect(c, first);
      return lowerExpression(c, node.expressions.at(-1) as EsExpression);
    case 'CallExpression':
      return lowerCall(c, node);
    case 'AssignmentExpression':
      return lowerAssignment(c, node, true) as Value;
    case 'UpdateExpression':
      return lowerUpdate(c, node, true) as Value;
    default:
      return refuse(c, node);
  }
}

function refuse(c: FunctionContext, node: AnyNode): never {
  switch (node.type) {
    case 'TemplateLiteral':
    case 'TaggedTemplateExpression':
      return c.fail(node, 'RK3003', 'there are no strings on the device', noStrings);
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return c.fail(
        node,
        'RK3009',
        'a handler cannot make functions',
        'write a function at the top level of the file; its calls are compiled',
      );
    case 'NewExpression':
    case 'ObjectExpression':
    case 'ArrayExpression':
    case 'ClassExpression':
      return c.fail(
        node,
        'RK3013',
        'a handler cannot allocate: memory on the device is the state and the messages',
        'put it in the state, array(f32, 64), or at the top level of the file if it is constant',
      );
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'ImportExpression':
      return c.fail(node, 'RK1002', 'a handler runs to completion and cannot wait', waitHint);
    case 'ChainExpression':
      return c.fail(node, 'RK3002', "'?.' is not in the language: nothing is null on the device");
    case 'ThisExpression':
    case 'Super':
      return c.fail(node, 'RK3002', "'this' is not in the language", 'use ctx');
    default:
      return c.fail(node, 'RK3002', `${node.type} is not in the language`);
  }
}

export const waitHint = 'send a message to ctx.self for the part after the wait';

function lowerLiteral(c: FunctionContext, node: AnyNode & { type: 'Literal' }): Value {
  if (node.regex) {
    return c.fail(node, 'RK3003', 'there are no regular expressions on the device');
  }
  if (node.bigint) return literal(c, BigInt(node.bigint), node);
  if (typeof node.value === 'string') {
    return c.fail(node, 'RK3003', 'there are no strings on the device', noStrings);
  }
  if (node.value === null) return c.fail(node, 'RK3003', 'nothing is null on the device');
  return literal(c, node.value, node);
}

function lowerName(c: FunctionContext, node: AnyNode & { type: 'Identifier' }): Value {
  const binding = c.lookup(node.name);
  switch (binding?.kind) {
    case 'local':
      return c.readLocal(binding.id);
    case 'path':
      return load(c, binding.path, node);
    case 'member':
      return lowerContextMember(c, node, binding.name);
    case 'broken':
      return c.skip();
    case 'context':
      return c.fail(
        node,
        'RK3004',
        `'${node.name}' is the context, not a value`,
        'pass a helper the values it needs, and store what it returns',
      );
    default:
      return lowerOutside(c, node);
  }
}

function lowerOutside(c: FunctionContext, node: AnyNode & { type: 'Identifier' }): Value {
  const found = outside(c, node);
  const { name } = node;
  if (found?.value === undefined && found !== null && name !== 'undefined') {
    const message = `'${name}' has no value yet: it is read when the actor is compiled`;
    c.fail(node, 'RK3010', message, 'declare it at the top level, before the actor');
  }
  if (found !== null) return literal(c, found.value, node);
  const hint = c.actor.capture.available
    ? 'declare it at the top level, before the actor, or pass it in `uses`'
    : `the inspector is not available here: pass it in \`uses: { ${name} }\``;
  return c.fail(node, 'RK3010', `'${name}' is not known here: its value can't be read`, hint);
}

function lowerMember(c: FunctionContext, node: MemberExpression): Value {
  const name = memberName(node);
  if (isContext(c, node.object) && name !== null && name !== 'state') {
    return lowerContextMember(c, node, name);
  }
  const object = lowerPath(c, node.object);
  if (object !== null) {
    const { type } = object;
    // The length of an array never changes.
    if (type.kind === 'array' && name === 'length') {
      return c.constant(type.length, variable(words), node);
    }
    return load(c, memberPath(c, object, node), node);
  }
  if (isContext(c, node.object) && name === 'state') return load(c, statePath(c), node);
  const found = outside(c, node);
  if (found !== null && found.value !== undefined) return literal(c, found.value, node);
  const element = lowerTableLoad(c, node);
  if (element !== null) return element;
  if (c.isBroken(node)) return c.skip();
  const hint = 'the state is ctx.state.field; the message is the second parameter';
  return c.fail(node, 'RK3007', `'${c.textOf(node)}' can't be read on the device`, hint);
}

/** A bool. */
export function lowerCondition(c: FunctionContext, node: AnyNode): Value {
  const value = lowerExpression(c, node);
  if (unify(value.type, 'bool')) return value;
  const message = `a condition must be a bool, this is ${typeName(value.type)}`;
  return c.fail(node, 'RK2002', message, 'compare it: x !== 0');
}

function lowerLogical(c: FunctionContext, node: AnyNode & { type: 'LogicalExpression' }): Value {
  const { operator } = node;
  if (operator === '??') {
    c.fail(node, 'RK3002', "'??' is not in the language: nothing is null on the device");
  }
  const left = lowerCondition(c, node.left);
  const right = c.collect(() => lowerCondition(c, node.right));
  if (right.statements.length === 0) {
    const op = operator as '&&' | '||';
    const e = { kind: 'binary', type: 'bool', op, left: left.e, right: right.result.e } as const;
    return c.value(e, 'bool');
  }
  const id = c.newLocal('t', 'bool');
  c.out.push({ kind: 'let', id, value: left.e });
  const decided = c.readLocal(id).e;
  const go = { kind: 'unary', type: 'bool', op: '!', operand: decided } as const;
  const then = [...right.statements, { kind: 'assign', id, value: right.result.e } as const];
  const condition = operator === '&&' ? decided : c.value(go, 'bool').e;
  c.out.push(branch(condition, then));
  return c.readLocal(id);
}

/** An arm that does something or can fault becomes an `if`, because a select evaluates both arms. */
function lowerConditional(
  c: FunctionContext,
  node: AnyNode & { type: 'ConditionalExpression' },
): Value {
  const condition = lowerCondition(c, node.test);
  const yes = c.collect(() => lowerExpression(c, node.consequent));
  const no = c.collect(() => lowerExpression(c, node.alternate));
  const { type, target } = yes.result;
  c.unify(node, type, no.result.type, "the two sides of '?:'");
  const shared = target !== undefined && target === no.result.target ? { target } : {};
  const arms = [yes, no];
  if (arms.every(({ statements, result }) => statements.length === 0 && !mayFault(result.e))) {
    const whenTrue = yes.result.e;
    const whenFalse = no.result.e;
    const e = { kind: 'select', type: 'i32', condition: condition.e, whenTrue, whenFalse } as const;
    return { ...c.value(e, type), ...shared };
  }
  const id = c.newLocal('t', type, shared.target);
  const [then, otherwise] = arms.map(({ statements, result }) => [
    ...statements,
    { kind: 'assign', id, value: result.e } as const,
  ]);
  c.out.push({ kind: 'let', id, value: null });
  c.out.push(branch(condition.e, then ?? [], otherwise ?? []));
  return c.readLocal(id);
}
