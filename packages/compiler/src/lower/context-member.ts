import type { AnyNode, CallExpression, Expression as EsExpression } from 'acorn';
import { isAmong, restrict, typeName, unify, words } from '../types/index.ts';
import { argumentNodes, lowerArguments } from './arguments.ts';
import { convert } from './conversion.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerIntrinsic } from './math-call.ts';
import { lowerReduction } from './parallel.ts';
import { suggest } from './path.ts';
import type { Value } from './value.ts';

const addresses = ['self', 'sender', 'index', 'instances'] as const;

/** What does something and has no value. */
export const contextActions = ['send', 'reply', 'emit', 'fail', 'parallelFor', 'scan'] as const;

const functions = [
  'at',
  'now',
  'random',
  'randomU32',
  'sum',
  'min',
  'max',
  'idiv',
  'mulhi',
  'rotl',
];

/** `ctx.self` and its kin. */
export function lowerContextMember(c: FunctionContext, node: AnyNode, name: string): Value {
  const kind = addresses.find((known) => known === name);
  if (kind !== undefined) {
    const value = c.value({ kind, type: 'u32' }, 'u32');
    return kind === 'self' ? { ...value, target: null } : value;
  }
  if (name === 'state') {
    c.fail(node, 'RK3005', 'the state is a struct; use a field of it', 'ctx.state.field');
  }
  if ([...contextActions, ...functions].includes(name)) {
    c.fail(node, 'RK3004', `ctx.${name} is a function, not a value`, `call it: ctx.${name}(…)`);
  }
  return unknownMember(c, node, name);
}

export function unknownMember(c: FunctionContext, node: AnyNode, name: string): never {
  const names = ['state', ...addresses, ...contextActions, ...functions];
  return c.fail(node, 'RK3015', `ctx has no '${name}'`, suggest(name, names, 'it has'));
}

/** A method of ctx for its value. */
export function lowerContextCall(c: FunctionContext, name: string, node: CallExpression): Value {
  switch (name) {
    case 'now':
      argumentNodes(c, node, 'ctx.now', 0);
      return c.value({ kind: 'now', type: 'u64' }, 'u64');
    case 'random':
    case 'randomU32':
      return lowerRandom(c, name, node);
    case 'at':
      return lowerAt(c, node);
    case 'idiv':
    case 'mulhi':
    case 'rotl':
      return lowerIntrinsic(c, name, node);
    case 'sum':
    case 'min':
    case 'max':
      return lowerReduction(c, name, node);
    default:
  }
  if (contextActions.some((action) => action === name)) {
    c.fail(node, 'RK3004', `ctx.${name}() has no value`, 'make it a statement of its own');
  }
  return unknownMember(c, node, name);
}

function lowerRandom(
  c: FunctionContext,
  name: 'random' | 'randomU32',
  node: CallExpression,
): Value {
  argumentNodes(c, node, `ctx.${name}`, 0);
  if (c.section !== null) {
    const message = `ctx.${name}() inside ${c.section.name}: draws have an order, iterations have none`;
    c.fail(node, 'RK3020', message, 'draw before the section');
  }
  const type = name === 'random' ? 'f32' : 'u32';
  const id = c.newLocal('draw', type);
  c.emit(node, { kind: 'random', id, type });
  return c.readLocal(id);
}

/** The address of another instance; of one that is not there, an address that nobody has. */
function lowerAt(c: FunctionContext, node: CallExpression): Value {
  const [index] = lowerArguments(c, node, 'ctx.at', 1) as [Value];
  if (!restrict(index.type, words)) {
    const message = `ctx.at needs i32 or u32, this is ${typeName(index.type)}`;
    c.fail(node, 'RK2007', message, 'convert it with u32(x)');
  }
  unify(index.type, 'u32');
  const wanted = isAmong(index.type, ['u32']) ? index : convert(c, index, 'u32', node);
  return { ...c.value({ kind: 'at', type: 'u32', index: wanted.e }, 'u32'), target: null };
}

/** The count of a parallel section, a u32. */
export function lowerCount(c: FunctionContext, node: EsExpression): Value {
  const count = lowerExpression(c, node);
  if (restrict(count.type, ['u32'])) return count;
  if (isAmong(count.type, ['i32'])) {
    // Less than nothing is nothing.
    const zero = c.constant(0, 'i32', node);
    const args = [count.e, zero.e];
    return convert(c, c.value({ kind: 'math', type: 'i32', fn: 'max', args }, 'i32'), 'u32', node);
  }
  const message = `a count must be u32, this is ${typeName(count.type)}`;
  return c.fail(node, 'RK2007', message, 'convert it with u32(x)');
}
