import type { TypeLayout } from '@ringkernel/core';
import type { AnyNode, Expression as EsExpression, ObjectExpression, Property } from 'acorn';
import { conversionHint, typeName, unify } from '../types/index.ts';
import { checkStorage } from './assignment.ts';
import { lowerExpression } from './expression.ts';
import type { FunctionContext } from './function-context.ts';
import { literal, outside } from './outside.ts';
import { elementPath, fieldPath, load, lowerPath, suggest } from './path.ts';
import { loadedType, type Path, type Value } from './value.ts';
import { isWhole, sameWhole } from './whole.ts';

/** The way from a struct or array down to a part: field names and indices. */
export type Steps = readonly (string | number)[];

/** One scalar of a struct or array that is written out, and the way to it. */
export interface Leaf {
  readonly steps: Steps;
  readonly value: Value;
  readonly node: AnyNode;
}

/** A run of bytes copied from the state or the message. */
export interface Copied {
  readonly steps: Steps;
  readonly from: Path;
}

/** What a literal is made of, in the order in which it is evaluated. */
export class LeafWriter {
  readonly #c: FunctionContext;
  #leaves: Leaf[] = [];
  /** null: whole arrays and structs become leaves too. */
  readonly #copies: Copied[] | null;

  constructor(c: FunctionContext, copies: Copied[] | null) {
    this.#c = c;
    this.#copies = copies;
  }

  get leaves(): readonly Leaf[] {
    return this.#leaves;
  }

  /** Evaluates a node as a value of the type. */
  write(type: TypeLayout, node: AnyNode, steps: Steps, what: string): void {
    if (loadedType(type) !== null) {
      this.#scalar(type, node, steps, () => lowerExpression(this.#c, node), what);
    } else if (type.kind === 'struct' && node.type === 'ObjectExpression') {
      this.#struct(type, node, steps, what);
    } else if (type.kind === 'array') {
      this.#array(type, node, steps, what);
    } else this.#whole(type, sameWhole(this.#c, node, type), steps, node);
  }

  #scalar(type: TypeLayout, node: AnyNode, steps: Steps, lower: () => Value, what: string): void {
    const c: FunctionContext = this.#c;
    const mark = c.mark();
    const value = lower();
    this.#keep(mark);
    const wanted = loadedType(type) ?? 'u32';
    if (!unify(wanted, value.type)) {
      const message = `${what} is ${wanted}, this is ${typeName(value.type)}`;
      c.fail(node, 'RK2001', message, conversionHint(wanted, value.type));
    }
    checkStorage(c, { type }, value, node);
    this.#leaves.push({ steps, value, node });
  }

  /** What was evaluated before must not see what comes after it. */
  #keep(mark: ReturnType<FunctionContext['mark']>): void {
    const c: FunctionContext = this.#c;
    if (c.out.length === mark.length) return;
    const kept = c.keep(
      this.#leaves.map(({ value }) => value),
      mark,
    );
    this.#leaves = this.#leaves.map((leaf, i) => ({ ...leaf, value: kept[i] ?? leaf.value }));
  }

  #struct(
    type: TypeLayout & { kind: 'struct' },
    node: ObjectExpression,
    steps: Steps,
    what: string,
  ): void {
    const c: FunctionContext = this.#c;
    const { fields } = type.layout;
    const names = fields.map(({ name }) => name);
    const seen = new Set<string>();
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') {
        for (const name of this.#spread(type, property.argument, steps)) seen.add(name);
        continue;
      }
      const name = keyOf(property);
      if (name === null) c.fail(property, 'RK3018', `${what} takes plain fields only`);
      const field = fields.find((f) => f.name === name);
      if (field === undefined) {
        const hint = suggest(name, names, 'fields');
        c.fail(property, 'RK2006', `${what} has no field '${name}'`, hint);
      }
      if (seen.has(name)) this.#forget([...steps, name]);
      seen.add(name);
      this.write(field.type, property.value, [...steps, name], `'${name}'`);
    }
    const missing = names.filter((name) => !seen.has(name));
    if (missing.length === 0) return;
    c.fail(node, 'RK2016', `${what} lacks ${missing.map((name) => `'${name}'`).join(', ')}`);
  }

  /** `...m`: the fields that both have. */
  #spread(type: TypeLayout & { kind: 'struct' }, node: EsExpression, steps: Steps): string[] {
    const c: FunctionContext = this.#c;
    const source = sourceStruct(c, node);
    const names: string[] = [];
    for (const { name, type: wanted } of type.layout.fields) {
      const from = fieldPath(source, name);
      if (from === undefined) continue;
      this.#forget([...steps, name]);
      this.field(wanted, from, [...steps, name], node);
      names.push(name);
    }
    return names;
  }

  /** A field taken from a field of the state or the message. */
  field(type: TypeLayout, from: Path, steps: Steps, node: AnyNode): void {
    const what = `'${steps.join('.')}'`;
    if (loadedType(type) === null) {
      if (!isWhole(from)) this.#c.fail(node, 'RK2001', `${what} is an array or a struct`);
      this.#whole(type, from, steps, node);
    } else this.#scalar(type, node, steps, () => load(this.#c, from, node), what);
  }

  /** What a later property of the same name replaces. */
  #forget(steps: Steps): void {
    const under = (other: Steps): boolean => steps.every((step, i) => other[i] === step);
    this.#leaves = this.#leaves.filter((leaf) => !under(leaf.steps));
    const copies = this.#copies ?? [];
    for (let i = copies.length - 1; i >= 0; i--) {
      if (under((copies[i] as Copied).steps)) copies.splice(i, 1);
    }
  }

  #array(type: TypeLayout & { kind: 'array' }, node: AnyNode, steps: Steps, what: string): void {
    const c: FunctionContext = this.#c;
    const known = outside(c, node);
    if (known !== null) {
      this.#captured(type, known.value, steps, node, what);
    } else if (node.type === 'ArrayExpression') {
      this.#checkLength(type, node.elements.length, node, what);
      node.elements.forEach((element, i) => {
        if (element === null || element.type === 'SpreadElement') {
          c.fail(element ?? node, 'RK3018', `${what} takes plain elements only`);
        }
        this.write(type.element, element, [...steps, i], `${what}[${i}]`);
      });
      this.#zero(type, node.elements.length, steps, node);
    } else this.#whole(type, sameWhole(c, node, type), steps, node);
  }

  #captured(
    type: TypeLayout & { kind: 'array' },
    value: unknown,
    steps: Steps,
    node: AnyNode,
    what: string,
  ): void {
    const c: FunctionContext = this.#c;
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
      c.fail(node, 'RK3005', `${what} is an array, this is not`);
    }
    const list = Array.from(value as ArrayLike<unknown>);
    this.#checkLength(type, list.length, node, what);
    list.forEach((item, i) => {
      this.#scalar(type.element, node, [...steps, i], () => literal(c, item, node), what);
    });
    this.#zero(type, list.length, steps, node);
  }

  #checkLength(
    type: TypeLayout & { kind: 'array' },
    found: number,
    node: AnyNode,
    what: string,
  ): void {
    if (found <= type.length) return;
    this.#c.fail(node, 'RK2001', `${what} has ${type.length} elements, this has ${found}`);
  }

  /** What a shorter array leaves open. */
  #zero(type: TypeLayout & { kind: 'array' }, from: number, steps: Steps, node: AnyNode): void {
    for (let i = from; i < type.length; i++) this.#zeroAt(type.element, [...steps, i], node);
  }

  #zeroAt(type: TypeLayout, steps: Steps, node: AnyNode): void {
    const scalar = loadedType(type);
    if (type.kind === 'array') this.#zero(type, 0, steps, node);
    else if (type.kind === 'struct') {
      for (const field of type.layout.fields)
        this.#zeroAt(field.type, [...steps, field.name], node);
    } else {
      const zero = scalar === 'bool' ? false : scalar === 'u64' || scalar === 'i64' ? 0n : 0;
      this.#leaves.push({ steps, value: this.#c.constant(zero, scalar ?? 'u32', node), node });
    }
  }

  #whole(type: TypeLayout, from: Path, steps: Steps, node: AnyNode): void {
    if (this.#copies !== null && from.indices.length === 0) {
      this.#copies.push({ steps, from });
      return;
    }
    const source = this.#c.pinPath(from);
    this.#each(type, source, steps, node);
  }

  #each(type: TypeLayout, from: Path, steps: Steps, node: AnyNode): void {
    if (type.kind === 'struct') {
      for (const field of type.layout.fields) {
        const part = fieldPath(from, field.name) as Path;
        this.#each(field.type, part, [...steps, field.name], node);
      }
    } else if (type.kind === 'array') {
      for (let i = 0; i < type.length; i++) {
        this.#each(type.element, elementPath(from, i), [...steps, i], node);
      }
    } else this.#scalar(type, node, steps, () => load(this.#c, from, node), 'an element');
  }
}

function keyOf(property: Property): string | null {
  if (property.computed || property.kind !== 'init' || property.method) return null;
  if (property.key.type === 'Identifier') return property.key.name;
  return property.key.type === 'Literal' ? String(property.key.value) : null;
}

/** The struct of the state or the message that a node names. */
export function sourceStruct(c: FunctionContext, node: AnyNode): Path {
  const path = lowerPath(c, node);
  if (path?.type.kind === 'struct') return path;
  return c.fail(
    node,
    'RK3018',
    'a payload is an object literal, the message, or a struct of the state',
    'write { field: value, … }',
  );
}

/** The scalars of a struct or array that is written out. */
export function lowerLiteralLeaves(
  c: FunctionContext,
  type: TypeLayout,
  node: EsExpression,
): readonly Leaf[] {
  const writer = new LeafWriter(c, null);
  writer.write(type, node, [], type.kind === 'array' ? 'the array' : 'the struct');
  return writer.leaves;
}
