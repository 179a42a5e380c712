import type { MessageDescriptor } from '@ringkernel/core';
import type { AnyNode, CallExpression } from 'acorn';
import { stringOf } from '../parse/index.ts';
import { typeName, unify } from '../types/index.ts';
import { argumentNodes } from './arguments.ts';
import type { contextActions } from './context-member.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { outside } from './outside.ts';
import { lowerParallelFor } from './parallel.ts';
import { suggest } from './path.ts';
import { lowerPayload } from './payload.ts';
import { lowerScan } from './scan.ts';

type Action = (typeof contextActions)[number];

/** A method of ctx that does something. */
export function lowerAction(c: FunctionContext, name: Action, node: CallExpression): void {
  if (c.section !== null) {
    c.fail(
      node,
      'RK3020',
      `ctx.${name}() inside ${c.section.name}: iterations run at the same time`,
      'collect into the state, and do it after the section',
    );
  }
  const spread = node.arguments.find((argument) => argument.type === 'SpreadElement');
  if (spread !== undefined) c.fail(spread, 'RK3002', "'...' is not in the language");
  switch (name) {
    case 'send':
      lowerSend(c, node);
      return;
    case 'reply':
      lowerReply(c, node);
      return;
    case 'emit':
      lowerEmit(c, node);
      return;
    case 'fail':
      lowerFail(c, node);
      return;
    case 'parallelFor':
      lowerParallelFor(c, node);
      return;
    case 'scan':
      lowerScan(c, node);
      return;
  }
}

function lowerSend(c: FunctionContext, node: CallExpression): void {
  const [to, name, payload, options] = node.arguments;
  if (to === undefined || name === undefined || node.arguments.length > 4) {
    c.fail(node, 'RK2013', 'ctx.send takes an address, a message, its fields, and options');
  }
  const mark = c.mark();
  const address = lowerExpression(c, to);
  if (!unify(address.type, 'u32')) {
    const message = `an address is a u32, this is ${typeName(address.type)}`;
    c.fail(to, 'RK2001', message, 'take it from a ref, ctx.self, ctx.sender or ctx.at(i)');
  }
  const target = c.actor.target(address.target ?? null);
  const message = findMessage(c, name, target.messages, `${target.name} has no message`);
  const priority = lowerPriority(c, options);
  const inside = c.mark();
  const { id, layout } = message;
  const parts = lowerPayload(c, payload, layout, message.name, node);
  const [destination] = c.keep([address], inside.length > mark.length ? inside : mark);
  const to32 = (destination ?? address).e;
  const size = layout.size;
  c.emit(node, { kind: 'send', to: to32, message: id, size, priority, payload: parts });
}

function findMessage(
  c: FunctionContext,
  node: AnyNode,
  messages: readonly MessageDescriptor[],
  none: string,
): MessageDescriptor {
  const name = stringOf(node) ?? outside(c, node)?.value;
  if (typeof name !== 'string') {
    return c.fail(node, 'RK3019', 'the name must be known now', "write it as a literal: 'Name'");
  }
  const found = messages.find((message) => message.name === name);
  if (found !== undefined) return found;
  const names = messages.map((message) => message.name);
  return c.fail(node, 'RK2017', `${none} '${name}'`, suggest(name, names, 'there are'));
}

const priorities = ['low', 'normal', 'high', 'critical'] as const;

function lowerPriority(c: FunctionContext, node: AnyNode | undefined): 0 | 1 | 2 | 3 {
  const refuse = (at: AnyNode, message: string): never =>
    c.fail(at, 'RK3026', message, `{ priority: '${priorities.join("' | '")}' }`);
  if (node === undefined) return 1;
  if (node.type !== 'ObjectExpression') return refuse(node, 'options are written out');
  let priority = 1;
  for (const property of node.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') {
      return refuse(property, 'options are written out');
    }
    const { name } = property.key;
    if (name !== 'priority') return refuse(property, `there is no option '${name}'`);
    const { value } = property;
    const known = stringOf(value) ?? outside(c, value)?.value;
    priority = (priorities as readonly unknown[]).indexOf(known);
    if (priority < 0) return refuse(value, 'the priority is one of four literals');
  }
  return priority as 0 | 1 | 2 | 3;
}

function lowerReply(c: FunctionContext, node: CallExpression): void {
  if (c.role.kind !== 'handler') return c.skip();
  const { message } = c.role;
  if (message.reply === undefined) {
    const hint = `declare it: ${message.name}: ask({ … }, { … })`;
    c.fail(node, 'RK2018', `message ${message.name} expects no reply`, hint);
  }
  if (node.arguments.length > 1) c.fail(node, 'RK2013', 'ctx.reply takes its fields only');
  const { id, layout } = message.reply;
  const payload = lowerPayload(c, node.arguments[0], layout, 'the reply', node);
  c.emit(node, { kind: 'reply', message: id, size: layout.size, payload });
}

function lowerEmit(c: FunctionContext, node: CallExpression): void {
  const [name, fields] = node.arguments;
  if (name === undefined || node.arguments.length > 2) {
    c.fail(node, 'RK2013', 'ctx.emit takes an event and its fields');
  }
  const { emits } = c.actor.description;
  const event = findMessage(c, name, emits, `${c.actor.definition.name} has no event`);
  const { id, layout } = event;
  const payload = lowerPayload(c, fields, layout, event.name, node);
  c.emit(node, { kind: 'emit', message: id, size: layout.size, payload });
}

function lowerFail(c: FunctionContext, node: CallExpression): void {
  const [code] = argumentNodes(c, node, 'ctx.fail', 1);
  const value = lowerExpression(c, code as AnyNode);
  if (!unify(value.type, 'u32')) {
    const message = `the code of ctx.fail is a u32, this is ${typeName(value.type)}`;
    c.fail(node, 'RK2001', message, 'convert it with u32(x)');
  }
  c.emit(node, { kind: 'fail', code: value.e, site: c.site(node, 'RK5003') });
}
