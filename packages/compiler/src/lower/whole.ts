import { canonicalText, type TypeLayout } from '@ringkernel/core';
import type { AnyNode, Expression as EsExpression } from 'acorn';
import type { Expression } from '../ir/types.ts';
import { store } from './assignment.ts';
import { readsState } from './effects.ts';
import type { FunctionContext } from './function-context.ts';
import { type Leaf, lowerLiteralLeaves } from './literal-leaves.ts';
import { describePath, elementPath, fieldPath, load, lowerPath } from './path.ts';
import { loadedType, type Path } from './value.ts';

/** Arrays up to this length are copied element by element, longer ones in a loop. */
const unrolled = 8;

/** Whether a path is an array or a struct. */
export function isWhole(path: Path): boolean {
  return loadedType(path.type) === null;
}

export function bytesOf(type: TypeLayout): number {
  if (type.kind === 'array') return type.length * type.stride;
  return type.kind === 'struct' ? type.layout.size : 4;
}

export function typeText(type: TypeLayout): string {
  if (type.kind === 'array') return `array(${typeText(type.element)}, ${type.length})`;
  if (type.kind === 'struct') return canonicalText(type.layout);
  return type.kind === 'ref' ? 'ref' : type.name;
}

/** The array or struct that a node names, with the wanted layout. */
export function sameWhole(c: FunctionContext, node: AnyNode, wanted: TypeLayout): Path {
  const source = lowerPath(c, node);
  if (source === null) {
    const what = wanted.kind === 'array' ? 'an array' : 'a struct';
    return c.fail(
      node,
      'RK3005',
      `${what} is wanted here: ${typeText(wanted)}`,
      'name one of the state or the message, or write it out',
    );
  }
  if (typeText(source.type) !== typeText(wanted)) {
    const message = `${describePath(c, source)} is ${typeText(source.type)}`;
    c.fail(node, 'RK2001', `${message}, wanted is ${typeText(wanted)}`);
  }
  return source;
}

/** `s.a = m.a` and `s.position = { x, y }`: copies, as memory on the device has no references. */
export function storeWhole(
  c: FunctionContext,
  target: Path,
  source: EsExpression,
  node: AnyNode,
): void {
  if (source.type === 'ObjectExpression' || source.type === 'ArrayExpression') {
    const mark = c.mark();
    const leaves = lowerLiteralLeaves(c, target.type, source);
    const to = c.keepPath(target, mark);
    // All is read before the first field is written.
    const read = leaves.map((leaf) =>
      readsState(leaf.value.e) ? { ...leaf, value: c.pin(leaf.value) } : leaf,
    );
    for (const leaf of read) storeLeaf(c, to, leaf);
    return;
  }
  const from = sameWhole(c, source, target.type);
  if (target.indices.length === 0 && from.indices.length === 0) {
    c.section?.stores.push({ path: target, node });
    const size = bytesOf(target.type);
    const { base, offset } = from;
    c.emit(node, { kind: 'copy', offset: target.offset, size, from: { base, offset } });
    return;
  }
  copyLeaves(c, c.pinPath(target), c.pinPath(from), node);
}

function storeLeaf(c: FunctionContext, target: Path, leaf: Leaf): void {
  let path = target;
  for (const step of leaf.steps) {
    path = typeof step === 'number' ? elementPath(path, step) : (fieldPath(path, step) ?? path);
  }
  store(c, path, leaf.value, leaf.node);
}

/** Copies where an index is not a constant, so that the bytes have no fixed offset. */
function copyLeaves(c: FunctionContext, to: Path, from: Path, node: AnyNode): void {
  const { type } = to;
  if (type.kind === 'struct') {
    for (const { name } of type.layout.fields) {
      copyLeaves(c, fieldPath(to, name) as Path, fieldPath(from, name) as Path, node);
    }
    return;
  }
  if (type.kind !== 'array') {
    store(c, to, load(c, from, node), node);
    return;
  }
  if (type.length <= unrolled) {
    for (let i = 0; i < type.length; i++) {
      copyLeaves(c, elementPath(to, i), elementPath(from, i), node);
    }
    return;
  }
  copyInLoop(c, to, from, type.length, node);
}

function copyInLoop(c: FunctionContext, to: Path, from: Path, length: number, node: AnyNode): void {
  const id = c.newLocal('k', 'u32');
  const zero = c.constant(0, 'u32', node).e;
  c.out.push({ kind: 'let', id, value: zero });
  const k = c.readLocal(id);
  const index = { value: k, safe: true, site: 0 };
  const body = c.collect(() =>
    copyLeaves(c, elementPath(to, index), elementPath(from, index), node),
  ).statements;
  const u32 = (op: '<' | '+', right: number): Expression => {
    const type = op === '<' ? 'bool' : 'u32';
    const operand = c.constant(right, 'u32', node).e;
    return c.value({ kind: 'binary', type, op, left: k.e, right: operand }, type).e;
  };
  const step = [{ kind: 'assign', id, value: u32('+', 1) } as const];
  c.emit(node, { kind: 'loop', condition: u32('<', length), body, step });
}
