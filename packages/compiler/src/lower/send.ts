import type { MessageDescriptor, StructLayout } from '@ringkernel/core';
import type {
  AnyNode,
  CallExpression,
  Expression as EsExpression,
  ObjectExpression,
  Property,
} from 'acorn';
import { didYouMean } from '../diagnostics/nearest.ts';
import type { PayloadPart, Statement } from '../ir/types.ts';
import { conversionHint, typeName, unify } from '../types/inference.ts';
import { samePart } from './copy.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext, Value } from './function-context.ts';
import { outside } from './outside.ts';
import { lowerParallelFor } from './parallel.ts';
import { loadedType } from './path.ts';

/** The ctx methods that are statements. */
export const contextStatements: readonly string[] = [
  'send',
  'reply',
  'emit',
  'fail',
  'parallelFor',
];

const priorities = ['low', 'normal', 'high', 'critical'];

/** Lowers `ctx.send(…)` and the other statements of ctx. */
export function lowerContextStatement(
  c: FunctionContext,
  name: string,
  node: CallExpression,
  out: Statement[],
): void {
  if (c.role.message === undefined) {
    c.fail(node, 'RK3015', 'a helper has no ctx', 'return a value, and do this in the handler');
  }
  if (name === 'parallelFor') return lowerParallelFor(c, node, out);
  if (c.parallelDepth > 0) {
    const message = `ctx.${name}() inside a parallel section: iterations run at the same time`;
    c.fail(node, 'RK3020', message, 'collect into the state, then send after it');
  }
  const lower = { send, reply, emit, fail }[name as 'send'];
  const statement = lower(c, node, node.arguments as EsExpression[]);
  const { line, column } = c.locator(node);
  out.push(...c.before.splice(0), { ...statement, location: { line, column } });
}

function text(c: FunctionContext, node: EsExpression | undefined, call: AnyNode): string {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  const known = node === undefined ? undefined : outside(c, node)?.value;
  if (typeof known === 'string') return known;
  return c.fail(node ?? call, 'RK3019', 'the name of a message must be a string literal');
}

function priorityOf(c: FunctionContext, node: EsExpression | undefined): 0 | 1 | 2 | 3 {
  if (node === undefined) return 1;
  const refuse = (at: AnyNode): never =>
    c.fail(
      at,
      'RK3018',
      'options of a send are written out: { priority: "high" }',
      priorities.join(', '),
    );
  if (node.type !== 'ObjectExpression') return refuse(node);
  let priority = 1;
  for (const property of node.properties) {
    const [name, value] = plainProperty(c, property);
    if (name !== 'priority') refuse(property);
    priority = priorities.indexOf(text(c, value, node));
    if (priority < 0) refuse(property);
  }
  return priority as 0 | 1 | 2 | 3;
}

function send(c: FunctionContext, node: CallExpression, args: readonly EsExpression[]): Statement {
  const [target, type, payload, options] = args;
  if (target === undefined)
    c.fail(node, 'RK2013', 'ctx.send takes a target, a message name and a payload');
  const to = lowerExpression(c, target);
  if (!unify(to.t, 'u32')) c.fail(target, 'RK2001', `an address is u32, not ${typeName(to.t)}`);
  const { name: actor, messages } = c.actor.messagesOf(to.ref ?? null);
  const name = text(c, type, node);
  const message = messages.find((m) => m.name === name);
  if (message === undefined) {
    const names = messages.map((m) => m.name);
    return c.fail(
      type ?? node,
      'RK2017',
      `${actor} has no message '${name}'`,
      didYouMean(name, names, 'messages'),
    );
  }
  // The address is read before the payload, as JavaScript does.
  const { result, before } = c.aside(() => lowerPayload(c, node, payload, message.layout, name));
  const address = before.length > 0 ? c.pin(to) : to;
  c.before.push(...before);
  const { id, layout } = message;
  const priority = priorityOf(c, options);
  return { kind: 'send', to: address.e, message: id, size: layout.size, priority, payload: result };
}

function reply(c: FunctionContext, node: CallExpression, args: readonly EsExpression[]): Statement {
  const message = c.role.message as MessageDescriptor;
  if (message.reply === undefined) {
    const hint = `declare it: ${message.name}: ask({ … }, { … })`;
    return c.fail(node, 'RK2018', `message ${message.name} expects no reply`, hint);
  }
  const { id, layout } = message.reply;
  const payload = lowerPayload(c, node, args[0], layout, 'the reply');
  return { kind: 'reply', message: id, size: layout.size, payload };
}

function emit(c: FunctionContext, node: CallExpression, args: readonly EsExpression[]): Statement {
  const name = text(c, args[0], node);
  const { emits } = c.actor.description;
  const event = emits.find((m) => m.name === name);
  if (event === undefined) {
    const names = emits.map((m) => m.name);
    return c.fail(
      args[0] ?? node,
      'RK2017',
      `there is no event '${name}'`,
      didYouMean(name, names, 'events'),
    );
  }
  const payload = lowerPayload(c, node, args[1], event.layout, name);
  return { kind: 'emit', message: event.id, size: event.layout.size, payload };
}

function fail(c: FunctionContext, node: CallExpression, args: readonly EsExpression[]): Statement {
  const [code] = args;
  if (code === undefined || args.length > 1)
    return c.fail(node, 'RK2013', 'ctx.fail takes one argument: a code');
  const value = lowerExpression(c, code);
  c.unify(code, value.t, 'u32', 'the code');
  return { kind: 'fail', code: value.e, site: c.site(node, 'RK5003') };
}

function plainProperty(
  c: FunctionContext,
  property: ObjectExpression['properties'][number],
): [string, EsExpression] {
  if (property.type !== 'Property' || property.computed || property.kind !== 'init') {
    return c.fail(property, 'RK3018', 'only plain fields: { name: value }');
  }
  const { key } = property as Property;
  const name = key.type === 'Identifier' ? key.name : String((key as { value?: unknown }).value);
  return [name, property.value];
}

interface Part {
  readonly value: Value | null;
  readonly part: PayloadPart;
}

/** A payload written out as an object literal: every field, evaluated in the order written. */
function lowerPayload(
  c: FunctionContext,
  call: AnyNode,
  node: EsExpression | undefined,
  layout: StructLayout,
  what: string,
): PayloadPart[] {
  const fields = layout.fields.map((f) => f.name);
  if (node?.type !== 'ObjectExpression') {
    const message = `${what} needs its payload written out as an object literal`;
    return c.fail(node ?? call, 'RK3018', message, `{ ${fields.join(', ')} }`);
  }
  const parts = new Map<string, Part>();
  lowerFields(c, node, layout, 0, '', what, parts);
  const ordered: PayloadPart[] = [];
  for (const { value, part } of parts.values()) {
    ordered.push(part.kind === 'scalar' && value !== null ? { ...part, value: value.e } : part);
  }
  return ordered.sort((a, b) => a.offset - b.offset);
}

function lowerFields(
  c: FunctionContext,
  node: ObjectExpression,
  layout: StructLayout,
  base: number,
  prefix: string,
  what: string,
  parts: Map<string, Part>,
): void {
  const names = layout.fields.map((f) => f.name);
  const given = new Set<string>();
  for (const property of node.properties) {
    const [name, value] = plainProperty(c, property);
    const field = layout.fields.find((f) => f.name === name);
    if (field === undefined) {
      c.fail(
        property,
        'RK2006',
        `${what} has no field '${prefix}${name}'`,
        didYouMean(name, names, 'fields'),
      );
    }
    given.add(name);
    const offset = base + field.offset;
    const path = `${prefix}${name}`;
    if (field.type.kind === 'struct' && value.type === 'ObjectExpression') {
      lowerFields(c, value, field.type.layout, offset, `${path}.`, what, parts);
    } else if (loadedType(field.type) === null) {
      parts.set(path, {
        value: null,
        part: { kind: 'copy', offset, ...samePart(c, value, field.type, path) },
      });
    } else parts.set(path, lowerScalar(c, value, field.type, offset, path, parts));
  }
  const missing = names.filter((n) => !given.has(n));
  if (missing.length > 0) {
    const list = missing.map((n) => `'${prefix}${n}'`).join(', ');
    c.fail(
      node,
      'RK2016',
      `${what} lacks ${missing.length === 1 ? 'the field' : 'the fields'} ${list}`,
    );
  }
}

function lowerScalar(
  c: FunctionContext,
  node: EsExpression,
  type: StructLayout['fields'][number]['type'],
  offset: number,
  path: string,
  parts: Map<string, Part>,
): Part {
  const mark = c.before.length;
  const value = lowerExpression(c, node);
  const added = c.before.splice(mark);
  if (added.length > 0) {
    // What was evaluated before must not see what this one does.
    for (const [name, earlier] of parts) {
      if (earlier.value !== null && earlier.value.e.kind !== 'const') {
        parts.set(name, { ...earlier, value: c.pin(earlier.value) });
      }
    }
    c.before.push(...added);
  }
  const wanted = loadedType(type) ?? 'u32';
  if (!unify(value.t, wanted)) {
    const message = `field '${path}' is ${wanted}, this is ${typeName(value.t)}`;
    c.fail(node, 'RK2001', message, conversionHint(wanted, value.t));
  }
  const storage = type.kind === 'scalar' ? type.name : 'u32';
  return { value, part: { kind: 'scalar', offset, storage, value: value.e } };
}
