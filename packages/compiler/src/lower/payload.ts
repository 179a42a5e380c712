import type { StructLayout, TypeLayout } from '@ringkernel/core';
import type { AnyNode } from 'acorn';
import { storageOf } from '../ir/leaves.ts';
import type { PayloadPart } from '../ir/types.ts';
import { changes } from './effects.ts';
import type { FunctionContext } from './function-context.ts';
import { stored } from './half.ts';
import { type Copied, LeafWriter, type Steps, sourceStruct } from './literal-leaves.ts';
import { fieldPath } from './path.ts';
import { bytesOf } from './whole.ts';

interface Slot {
  readonly offset: number;
  readonly type: TypeLayout;
}

/** Where a part of a struct is. */
function slotOf(layout: StructLayout, steps: Steps): Slot {
  let slot: Slot = { offset: 0, type: { kind: 'struct', layout } };
  for (const step of steps) {
    const { offset, type } = slot;
    if (type.kind === 'array') {
      slot = { offset: offset + Number(step) * type.stride, type: type.element };
    } else if (type.kind === 'struct') {
      const field = type.layout.fields.find(({ name }) => name === step);
      if (field !== undefined) slot = { offset: offset + field.offset, type: field.type };
    }
  }
  return slot;
}

/** The content of an outgoing message: every byte of every field. */
export function lowerPayload(
  c: FunctionContext,
  node: AnyNode | undefined,
  layout: StructLayout,
  what: string,
  call: AnyNode,
): PayloadPart[] {
  if (node === undefined) {
    if (layout.fields.length === 0) return [];
    return c.fail(call, 'RK2013', `${what} needs its fields`, fieldHint(layout));
  }
  const copies: Copied[] = [];
  const writer = new LeafWriter(c, copies);
  const mark = c.mark();
  if (node.type === 'ObjectExpression') {
    writer.write({ kind: 'struct', layout }, node, [], what);
  } else whole(c, writer, layout, node, what);
  const since = c.out.slice(mark.length);
  if (copies.some(({ from }) => from.base === 'state') && changes(since, mark.locals)) {
    const message = `${what} copies a part of the state and changes the state as well`;
    c.fail(node, 'RK3018', message, 'change the state first, in a statement of its own');
  }
  const parts = writer.leaves.map(({ steps, value }): PayloadPart => {
    const { offset, type } = slotOf(layout, steps);
    return { kind: 'scalar', offset, storage: storageOf(type), value: stored(c, type, value).e };
  });
  const runs = copies.map(({ steps, from }): PayloadPart => {
    const { offset, type } = slotOf(layout, steps);
    const source = { base: from.base, offset: from.offset };
    return { kind: 'copy', offset, size: bytesOf(type), from: source };
  });
  return [...parts, ...runs].sort((a, b) => a.offset - b.offset);
}

function fieldHint(layout: StructLayout): string {
  return `{ ${layout.fields.map(({ name }) => name).join(', ')} }`;
}

/** `ctx.send(to, 'Pass', m)`: the fields of the message, or of a struct of the state. */
function whole(
  c: FunctionContext,
  writer: LeafWriter,
  layout: StructLayout,
  node: AnyNode,
  what: string,
): void {
  const source = sourceStruct(c, node);
  for (const { name, type } of layout.fields) {
    const from = fieldPath(source, name);
    if (from === undefined) {
      c.fail(node, 'RK2016', `${what} lacks '${name}'`, `write it out: ${fieldHint(layout)}`);
    }
    writer.field(type, from, [name], node);
  }
}
