import type { TypeLayout } from '@ringkernel/core';
import type { AnyNode } from 'acorn';
import type { FunctionContext } from './function-context.ts';
import { lowerPath } from './path.ts';

/** Bytes of a value of this type. */
function sizeOf(type: TypeLayout): number {
  if (type.kind === 'struct') return type.layout.size;
  if (type.kind === 'array') return type.length * type.stride;
  if (type.kind === 'ref') return 4;
  const bits = Number(/\d+/.exec(type.name)?.[0] ?? 8);
  return bits / 8;
}

/** Whether two types have the same bytes with the same meaning; names of fields count. */
function sameType(a: TypeLayout, b: TypeLayout): boolean {
  if (a.kind === 'scalar' && b.kind === 'scalar') return a.name === b.name;
  if (a.kind === 'ref' && b.kind === 'ref') return true;
  if (a.kind === 'array' && b.kind === 'array')
    return a.length === b.length && sameType(a.element, b.element);
  if (a.kind !== 'struct' || b.kind !== 'struct') return false;
  const [x, y] = [a.layout.fields, b.layout.fields];
  return (
    x.length === y.length &&
    x.every((f, i) => {
      const other = y[i];
      return (
        other !== undefined &&
        f.name === other.name &&
        f.offset === other.offset &&
        sameType(f.type, other.type)
      );
    })
  );
}

function name(type: TypeLayout): string {
  if (type.kind === 'array') return `array(${name(type.element)}, ${type.length})`;
  return type.kind === 'scalar' ? type.name : type.kind;
}

/** A whole array or struct of the state or the message, of exactly the wanted type. */
export function samePart(
  c: FunctionContext,
  node: AnyNode,
  wanted: TypeLayout,
  what: string,
): {
  readonly size: number;
  readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
} {
  const path = lowerPath(c, node);
  if (path === null) {
    const message = `'${what}' is ${name(wanted)}: it takes a whole one of the state or the message`;
    return c.fail(node, 'RK3005', message, 'fill one in the state first, element by element');
  }
  if (!sameType(path.type, wanted)) {
    c.fail(node, 'RK2001', `'${what}' is ${name(wanted)}, this is ${name(path.type)}`);
  }
  if (path.indices.length > 0) {
    c.fail(
      node,
      'RK3005',
      'a whole element at a computed index cannot be copied',
      'copy its fields one by one',
    );
  }
  return { size: sizeOf(wanted), from: { base: path.base, offset: path.offset } };
}
