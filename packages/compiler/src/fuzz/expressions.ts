import { valueTypeOf } from '../ir/operators.ts';
import type {
  BinaryOperator,
  Expression,
  MathFunction,
  Place,
  PlaceIndex,
  ValueType,
} from '../ir/types.ts';
import { again, earlier, mayCall } from './repeats.ts';
import { local, newSite, type Scope, type ScopeLeaf } from './scope.ts';
import { randomValue } from './values.ts';

type Choice = readonly [weight: number, make: () => Expression];

const comparisons: readonly BinaryOperator[] = ['<', '<=', '>', '>=', '==', '!='];
const integerOperators: readonly BinaryOperator[] = ['+', '-', '*', '/', '%', '&', '|', '^'];
const floatOperators: readonly BinaryOperator[] = ['+', '-', '*', '/'];
const wordFunctions: readonly MathFunction[] = ['abs', 'min', 'max', 'clz', 'mulhi', 'rotl'];
const bigFunctions: readonly MathFunction[] = ['abs', 'min', 'max'];
const floatFunctions: readonly MathFunction[] = [
  ...bigFunctions,
  'floor',
  'ceil',
  'trunc',
  'sqrt',
  'sin',
  'cos',
  'tan',
  'exp',
  'exp2',
  'log',
  'log2',
  'tanh',
  'atan2',
  'pow',
];
const binaryFunctions: ReadonlySet<MathFunction> = new Set([
  'min',
  'max',
  'mulhi',
  'rotl',
  'atan2',
  'pow',
]);

function isIntegerType(type: ValueType): boolean {
  return type !== 'bool' && type !== 'f32' && type !== 'f64';
}

const isWide = (type: ValueType): boolean => type === 'i64' || type === 'u64';

/** A random expression of the type, at most `depth` operations deep. */
export function expression(scope: Scope, type: ValueType, depth: number): Expression {
  const repeated = depth > 0 && scope.source.chance(20) ? earlier(scope, type) : null;
  const e = repeated === null ? fresh(scope, type, depth) : again(scope, repeated);
  scope.history.addExpression(e, scope.section);
  return e;
}

function fresh(scope: Scope, type: ValueType, depth: number): Expression {
  if (depth <= 0 || scope.source.chance(12)) return leaf(scope, type);
  const make = (t: ValueType): Expression => expression(scope, t, depth - 1);
  const common: Choice[] = [
    [2, () => leaf(scope, type)],
    [1, () => select(type, make('bool'), make(type), make(type))],
    [2, () => convert(scope, type, depth)],
    [1, () => callOrLeaf(scope, type, depth)],
  ];
  if (type === 'bool') return scope.source.weighted([...common, ...boolChoices(scope, depth)]);
  return scope.source.weighted([...common, ...numberChoices(scope, type, depth)]);
}

export function constant(scope: Scope, type: ValueType): Expression {
  return { kind: 'const', type, value: randomValue(scope.source, type) };
}

function leaf(scope: Scope, type: ValueType): Expression {
  const { source } = scope;
  const locals = scope.localsOf(type);
  const places = scope.leaves.filter(
    (at) => valueTypeOf(at.leaf.storage) === type && !scope.section?.merged.has(at),
  );
  const choices: Choice[] = [[2, () => constant(scope, type)]];
  if (locals.length > 0) choices.push([4, () => local(source.pick(locals))]);
  if (places.length > 0) {
    choices.push([6, () => ({ kind: 'load', type, place: place(scope, source.pick(places), 0) })]);
  }
  if (type === 'u64') choices.push([1, () => ({ kind: 'now', type })]);
  if (type === 'u32') {
    const kinds = ['self', 'sender', 'index', 'instances'] as const;
    choices.push([2, () => ({ kind: source.pick(kinds), type })]);
  }
  return source.weighted(choices);
}

function select(
  type: ValueType,
  condition: Expression,
  whenTrue: Expression,
  whenFalse: Expression,
): Expression {
  return { kind: 'select', type, condition, whenTrue, whenFalse };
}

function convert(scope: Scope, type: ValueType, depth: number): Expression {
  const operand = expression(scope, scope.source.pick(scope.valueTypes), depth - 1);
  return { kind: 'convert', type, operand };
}

function callOrLeaf(scope: Scope, type: ValueType, depth: number): Expression {
  const fns = scope.callable.flatMap((fn, i) =>
    fn.result === type && mayCall(scope, fn) ? [{ fn, i }] : [],
  );
  if (fns.length === 0) return leaf(scope, type);
  const { fn, i } = scope.source.pick(fns);
  const args = fn.parameters.map((id) => {
    const parameter = fn.locals[id]?.type ?? 'i32';
    return expression(scope, parameter, Math.min(depth - 1, 1));
  });
  return { kind: 'call', type, fn: i, args };
}

function boolChoices(scope: Scope, depth: number): Choice[] {
  const { source } = scope;
  const make = (t: ValueType): Expression => expression(scope, t, depth - 1);
  const compare = (): Expression => {
    const operand = source.pick(scope.valueTypes);
    const op = operand === 'bool' ? source.pick(['==', '!='] as const) : source.pick(comparisons);
    return { kind: 'binary', type: 'bool', op, left: make(operand), right: make(operand) };
  };
  return [
    [5, compare],
    [
      3,
      () => ({
        kind: 'binary',
        type: 'bool',
        op: source.pick(['&&', '||'] as const),
        left: make('bool'),
        right: make('bool'),
      }),
    ],
    [1, () => ({ kind: 'unary', type: 'bool', op: '!', operand: make('bool') })],
  ];
}

function numberChoices(scope: Scope, type: ValueType, depth: number): Choice[] {
  const { source } = scope;
  const make = (t: ValueType): Expression => expression(scope, t, depth - 1);
  const integer = isIntegerType(type);
  const operators = integer ? integerOperators : floatOperators;
  const choices: Choice[] = [
    [
      8,
      () => ({
        kind: 'binary',
        type,
        op: source.pick(operators),
        left: make(type),
        right: make(type),
      }),
    ],
    [
      1,
      () => {
        const op = integer && source.chance(50) ? '~' : '-';
        return { kind: 'unary', type, op, operand: make(type) };
      },
    ],
    [3, () => mathCall(scope, type, make)],
  ];
  if (integer) {
    choices.push([
      3,
      () => {
        const count = isWide(type) && source.chance(50) ? type : 'u32';
        const op = source.pick(['<<', '>>'] as const);
        return { kind: 'binary', type, op, left: make(type), right: make(count) };
      },
    ]);
  }
  if (type === 'u32') choices.push([1, () => ({ kind: 'at', type, index: make('u32') })]);
  return choices;
}

function mathCall(scope: Scope, type: ValueType, make: (t: ValueType) => Expression): Expression {
  const functions = isWide(type)
    ? bigFunctions
    : isIntegerType(type)
      ? wordFunctions
      : floatFunctions;
  const fn = scope.source.pick(functions);
  const second = fn === 'rotl' ? 'u32' : type;
  const args = binaryFunctions.has(fn) ? [make(type), make(second)] : [make(type)];
  return { kind: 'math', type, fn, args };
}

/** A place of the leaf: indices are in range, out of it, or anything. */
export function place(scope: Scope, target: ScopeLeaf, depth: number): Place {
  const {
    base,
    table,
    leaf: { path, storage, offset, dimensions },
  } = target;
  const own = scope.section?.own.get(target);
  const indices = dimensions.map(({ stride, length }, dimension): PlaceIndex => {
    const round = scope.section?.index;
    const { value, safe } =
      round !== undefined && dimension === own
        ? { value: local(round), safe: false }
        : index(scope, length, depth);
    return { value, stride, length, safe, site: newSite(scope) };
  });
  const common = { base, path, storage, offset, indices };
  return table === undefined ? common : { ...common, table };
}

function index(
  scope: Scope,
  length: number,
  depth: number,
): { readonly value: Expression; readonly safe: boolean } {
  const { source } = scope;
  const bound: Expression = { kind: 'const', type: 'u32', value: length };
  return source.weighted<{ value: Expression; safe: boolean }>([
    [
      4,
      () => {
        const type = source.pick(['i32', 'u32'] as const);
        return {
          value: { kind: 'const', type, value: source.below(length) },
          safe: source.chance(50),
        };
      },
    ],
    [
      5,
      () => {
        const left = expression(scope, 'u32', depth);
        const value: Expression = { kind: 'binary', type: 'u32', op: '%', left, right: bound };
        return { value, safe: source.chance(50) };
      },
    ],
    [
      4,
      () => {
        const type = source.pick(['i32', 'u32'] as const);
        const locals = scope.localsOf(type);
        const value = locals.length > 0 ? local(source.pick(locals)) : constant(scope, type);
        return { value, safe: false };
      },
    ],
    [
      1,
      () => ({
        value: expression(scope, source.pick(['i32', 'u32'] as const), depth),
        safe: false,
      }),
    ],
  ]);
}
