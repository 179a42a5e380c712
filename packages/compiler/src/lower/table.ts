import type { AnyNode, Expression as EsExpression, MemberExpression } from 'acorn';
import type { Place, PlaceIndex, Storage } from '../ir/types.ts';
import { anyNumber, bigints, decide, fractions, type Type, variable } from '../types/index.ts';
import { fitsStorage } from './constant.ts';
import type { FunctionContext } from './function-context.ts';
import { outside } from './outside.ts';
import { lowerIndex, memberName } from './path.ts';
import { storageOf, strideOf, type TableDraft } from './table-store.ts';
import { type Value, widened } from './value.ts';

/** One step from a captured value down: a key that is known, or an index that is not. */
type Step = string | EsExpression;

interface Access {
  readonly root: object;
  readonly name: string;
  readonly steps: readonly Step[];
}

const storages: Readonly<Record<string, Storage>> = {
  Int8Array: 'i8',
  Uint8Array: 'u8',
  Uint8ClampedArray: 'u8',
  Int16Array: 'i16',
  Uint16Array: 'u16',
  Int32Array: 'i32',
  Uint32Array: 'u32',
  BigInt64Array: 'i64',
  BigUint64Array: 'u64',
  Float32Array: 'f32',
  Float64Array: 'f64',
};

function accessOf(c: FunctionContext, node: AnyNode): Access | null {
  const known = outside(c, node);
  if (known !== null) {
    const { value } = known;
    return typeof value === 'object' && value !== null
      ? { root: value, name: nameOf(node), steps: [] }
      : null;
  }
  if (node.type !== 'MemberExpression') return null;
  const object = accessOf(c, node.object);
  if (object === null) return null;
  return { ...object, steps: [...object.steps, stepOf(node)] };
}

function stepOf(node: MemberExpression): Step {
  return memberName(node) ?? (node.property as EsExpression);
}

/** An element of a captured array, at an index that is not a constant; null when the node is no such thing. */
export function lowerTableLoad(c: FunctionContext, node: MemberExpression): Value | null {
  const access = accessOf(c, node);
  if (access === null) return null;
  const pattern = access.steps.map((step) => (typeof step === 'string' ? `.${step}` : '[]'));
  const key = pattern.join('');
  const tables = c.actor.tables;
  const table =
    tables.find(access.root, key) ?? tables.add(access.root, key, readTable(c, access, node));
  const nodes = access.steps.filter((step) => typeof step !== 'string');
  const indices: PlaceIndex[] = nodes.map((index, dimension) => {
    const length = table.lengths[dimension] ?? 0;
    const at = lowerIndex(c, index, length);
    const value = typeof at === 'number' ? c.constant(at, 'u32', index) : at.value;
    const { safe, site } = typeof at === 'number' ? { safe: true, site: 0 } : at;
    return { value: value.e, length, stride: 0, safe, site };
  });
  const place: Place = {
    base: 'table',
    table: table.index,
    path: [table.name, ...pattern],
    storage: 'u32',
    offset: 0,
    indices,
  };
  c.actor.atEnd(() => settle(c, table, place, node));
  return c.value({ kind: 'load', type: 'u32', place }, table.type);
}

/** Fills in what follows from the table's type. */
function settle(c: FunctionContext, table: TableDraft, place: Place, node: AnyNode): void {
  decide(table.type);
  const storage = storageOf(table);
  (place as { storage: Storage }).storage = storage;
  place.indices.forEach((index, dimension) => {
    (index as { stride: number }).stride = strideOf(table, dimension);
  });
  const odd = table.values.find((value) => !fitsStorage(value, storage));
  if (odd !== undefined) c.fail(node, 'RK2020', `${odd} in ${table.name} does not fit ${storage}`);
}

function readTable(
  c: FunctionContext,
  { root, steps, name }: Access,
  node: AnyNode,
): Omit<TableDraft, 'index'> {
  const values: (number | bigint | boolean)[] = [];
  const lengths: number[] = [];
  let storage: Storage | null = null;
  const refuse = (what: string): never =>
    c.fail(node, 'RK3011', `'${name}': ${what}`, 'a table is a rectangular array of numbers');
  const visit = (value: unknown, step: number, dimension: number): void => {
    if (step === steps.length) {
      if (!['number', 'bigint', 'boolean'].includes(typeof value))
        refuse(`holds a ${typeof value}`);
      if (typeof value === 'number' && !Number.isFinite(value)) {
        c.fail(node, 'RK2010', `'${name}' holds ${value}, which is not portable`);
      }
      values.push(value as number);
      return;
    }
    if (typeof value !== 'object' || value === null) refuse('is not an object or array throughout');
    const key = steps[step] as Step;
    if (typeof key === 'string') {
      visit((value as Record<string, unknown>)[key], step + 1, dimension);
      return;
    }
    if (!Array.isArray(value) && !ArrayBuffer.isView(value))
      refuse('is indexed and is not an array');
    const list = Array.from(value as ArrayLike<unknown>);
    if (list.length === 0) refuse('is empty');
    lengths[dimension] ??= list.length;
    if (lengths[dimension] !== list.length) refuse('has rows of unequal length');
    if (step === steps.length - 1) storage = storages[kindOf(value)] ?? null;
    for (const item of list) visit(item, step + 1, dimension + 1);
  };
  visit(root, 0, 0);
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size > 1) refuse('mixes numbers, bigints and booleans');
  const type = storage === null ? typeOf(values) : widened(storage);
  const plain = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return { name, values: plain, lengths, type, storage };
}

/** By tag, not by class: the array may come from another context. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function typeOf(values: readonly (number | bigint | boolean)[]): Type {
  const [first] = values;
  if (typeof first === 'boolean') return 'bool';
  if (typeof first === 'bigint') return variable(bigints);
  return variable(values.every((value) => Number.isInteger(value)) ? anyNumber : fractions);
}

/** The name of the array where it is used. */
function nameOf(node: AnyNode): string {
  if (node.type === 'Identifier') return node.name;
  return (node.type === 'MemberExpression' ? memberName(node) : null) ?? 'table';
}
