import type { BinaryOperator, Expression, MathFunction, ValueType } from '@ringkernel/compiler';
import { describe, expect, it } from 'vitest';
import { type Operation, resultsOf, type Value } from './operation.ts';

const comparisons: readonly string[] = ['<', '<=', '>', '>=', '==', '!='];

function binary(op: BinaryOperator, operand: ValueType): Operation {
  const type = comparisons.includes(op) ? 'bool' : operand;
  return (left, right) =>
    ({ kind: 'binary', type, op, left, right }) as Extract<Expression, { kind: 'binary' }>;
}

function math(fn: MathFunction, type: ValueType): Operation {
  return (...args) => ({ kind: 'math', type, fn, args });
}

/** Expected in every way of running it. `Object.is`, so that -0 is not 0. */
function check(
  operandTypes: readonly ValueType[],
  operation: Operation,
  operands: readonly Value[],
  expected: Value,
): void {
  for (const [way, result] of Object.entries(resultsOf(operandTypes, operation, operands))) {
    expect(result, `${way}: ${operands.join(', ')}`).toBe(expected);
  }
}

const MIN = -2147483648;
const MAX = 2147483647;
const UMAX = 4294967295;
const LMIN = -9223372036854775808n;
const LMAX = 9223372036854775807n;
const ULMAX = 18446744073709551615n;

type Row = readonly [
  op: BinaryOperator,
  a: Value,
  b: Value,
  expected: Value,
  countType?: ValueType,
];

const i32Rows: readonly Row[] = [
  ['+', MAX, 1, MIN],
  ['-', MIN, 1, MAX],
  ['*', 65536, 65536, 0],
  ['*', 123456789, 987654321, -67153019],
  ['/', MIN, -1, MIN],
  ['/', 7, 0, 7],
  ['/', MIN, 0, MIN],
  ['/', -7, 2, -3],
  ['%', MIN, -1, 0],
  ['%', 7, 0, 0],
  ['%', -7, 2, -1],
  ['%', 7, -2, 1],
  ['&', -1, 255, 255],
  ['|', MIN, 1, -2147483647],
  ['^', -1, MAX, MIN],
  ['<<', 1, 31, MIN, 'u32'],
  ['<<', 1, 32, 1, 'u32'],
  ['<<', 3, 33, 6, 'u32'],
  ['>>', -8, 1, -4, 'u32'],
  ['>>', -8, 33, -4, 'u32'],
  ['>>', MIN, 31, -1, 'u32'],
  ['<', MIN, 0, true],
  ['>=', -1, 0, false],
  ['==', -1, -1, true],
  ['!=', -1, -1, false],
];

const u32Rows: readonly Row[] = [
  ['+', UMAX, 1, 0],
  ['-', 0, 1, UMAX],
  ['*', UMAX, UMAX, 1],
  ['*', 3000000000, 3000000000, 3800301568],
  ['/', UMAX, 2, 2147483647],
  ['/', UMAX, 0, UMAX],
  ['%', UMAX, 10, 5],
  ['%', UMAX, 0, 0],
  ['&', UMAX, 2147483648, 2147483648],
  ['|', 2147483648, 1, 2147483649],
  ['^', UMAX, 1, 4294967294],
  ['<<', 1, 31, 2147483648],
  ['<<', 1, 32, 1],
  ['>>', UMAX, 31, 1],
  ['>>', 2147483648, 32, 2147483648],
  ['<', 2147483648, 1, false],
  ['>', UMAX, MAX, true],
];

const i64Rows: readonly Row[] = [
  ['+', LMAX, 1n, LMIN],
  ['-', LMIN, 1n, LMAX],
  ['*', LMAX, LMAX, 1n],
  ['/', LMIN, -1n, LMIN],
  ['/', LMIN, 0n, LMIN],
  ['/', -7n, 2n, -3n],
  ['%', LMIN, -1n, 0n],
  ['%', 5n, 0n, 0n],
  ['%', -7n, 2n, -1n],
  ['<<', 1n, 63, LMIN, 'u32'],
  ['<<', 1n, 64, 1n, 'u32'],
  ['<<', 1n, 65n, 2n],
  ['>>', LMIN, 63, -1n, 'u32'],
  ['>>', -8n, -63n, -4n],
  ['<', LMIN, LMAX, true],
];

const u64Rows: readonly Row[] = [
  ['+', ULMAX, 1n, 0n],
  ['-', 0n, 1n, ULMAX],
  ['*', ULMAX, ULMAX, 1n],
  ['/', ULMAX, 3n, 6148914691236517205n],
  ['/', ULMAX, 0n, ULMAX],
  ['%', ULMAX, 10n, 5n],
  ['%', ULMAX, 0n, 0n],
  ['^', ULMAX, 1n, 18446744073709551614n],
  ['<<', 3n, 63, 9223372036854775808n, 'u32'],
  ['<<', 1n, 64, 1n, 'u32'],
  ['>>', ULMAX, 63n, 1n],
  ['>>', ULMAX, 127, 1n, 'u32'],
  ['>', 9223372036854775808n, 1n, true],
];

// 16777217 is not an f32; 0.1 and 0.2 are the nearest ones.
const f32Rows: readonly Row[] = [
  ['+', 16777216, 1, 16777216],
  ['+', 0.10000000149011612, 0.20000000298023224, 0.30000001192092896],
  ['-', 1, 1.0000001192092896, -1.1920928955078125e-7],
  ['*', 3.4028234663852886e38, 2, Number.POSITIVE_INFINITY],
  ['*', 1.401298464324817e-45, 0.5, 0],
  ['*', -1, 0, -0],
  ['/', 1, 3, 0.3333333432674408],
  ['/', -1, 0, Number.NEGATIVE_INFINITY],
  ['/', 0, 0, Number.NaN],
  ['<', Number.NaN, 1, false],
  ['==', Number.NaN, Number.NaN, false],
  ['!=', Number.NaN, Number.NaN, true],
  ['==', -0, 0, true],
];

const f64Rows: readonly Row[] = [
  ['+', 0.1, 0.2, 0.30000000000000004],
  ['*', 1e308, 10, Number.POSITIVE_INFINITY],
  ['/', 1, 3, 0.3333333333333333],
  ['-', 0, 0, 0],
];

const tables: readonly (readonly [ValueType, readonly Row[]])[] = [
  ['i32', i32Rows],
  ['u32', u32Rows],
  ['i64', i64Rows],
  ['u64', u64Rows],
  ['f32', f32Rows],
  ['f64', f64Rows],
];

describe.each(tables)('%s', (type, rows) => {
  for (const [op, a, b, expected, countType = type] of rows) {
    it(`${a} ${op} ${b} is ${expected}`, () => {
      check([type, countType], binary(op, type), [a, b], expected);
    });
  }
});

describe('unary operators', () => {
  it.each<readonly [ValueType, '-' | '~' | '!', Value, Value]>([
    ['i32', '-', MIN, MIN],
    ['i32', '~', 0, -1],
    ['u32', '-', 1, UMAX],
    ['u32', '~', 0, UMAX],
    ['i64', '-', LMIN, LMIN],
    ['i64', '~', 0n, -1n],
    ['u64', '-', 1n, ULMAX],
    ['u64', '~', 0n, ULMAX],
    ['f32', '-', 0, -0],
    ['f64', '-', -1.5, 1.5],
    ['bool', '!', true, false],
  ])('%s: %s of %s is %s', (type, op, operand, expected) => {
    check([type], (e) => ({ kind: 'unary', type, op, operand: e }), [operand], expected);
  });
});

describe('conversions', () => {
  const nan = Number.NaN;
  const infinity = Number.POSITIVE_INFINITY;
  it.each<readonly [ValueType, ValueType, Value, Value]>([
    ['f32', 'i32', 2147483648, MAX],
    ['f32', 'i32', -infinity, MIN],
    ['f32', 'i32', -1.9, -1],
    ['f32', 'i32', nan, 0],
    ['f32', 'u32', -0.5, 0],
    ['f32', 'u32', 4294967296, UMAX],
    ['f32', 'u32', 3000000000, 3000000000],
    ['f64', 'i32', -2147483648.9, MIN],
    ['f64', 'u32', 4294967295.9, UMAX],
    ['f32', 'i64', 2 ** 63, LMAX],
    ['f32', 'i64', -infinity, LMIN],
    ['f32', 'i64', -1.5, -1n],
    ['f64', 'i64', nan, 0n],
    ['f32', 'u64', infinity, ULMAX],
    ['f32', 'u64', -1, 0n],
    ['f64', 'u64', 2 ** 64 - 2048, 18446744073709549568n],
    ['i32', 'u32', -1, UMAX],
    ['u32', 'i32', UMAX, -1],
    ['i32', 'i64', -1, -1n],
    ['i32', 'u64', -1, ULMAX],
    ['u32', 'i64', UMAX, 4294967295n],
    ['i64', 'i32', 0x180000000n, MIN],
    ['u64', 'u32', ULMAX, UMAX],
    ['u64', 'i64', ULMAX, -1n],
    ['i64', 'u64', -1n, ULMAX],
    ['i32', 'f32', 16777217, 16777216],
    ['u32', 'f32', UMAX, 4294967296],
    ['u32', 'f64', UMAX, 4294967295],
    // A double would round these to a tie, and a second rounding would take the wrong side.
    ['u64', 'f32', 0x8000008000000001n, 2 ** 63 + 2 ** 40],
    ['u64', 'f32', 0x8000008000000000n, 2 ** 63],
    ['i64', 'f32', -0x4000004000000001n, -(2 ** 62) - 2 ** 39],
    ['u64', 'f64', 9007199254740993n, 2 ** 53],
    ['u64', 'f64', ULMAX, 2 ** 64],
    ['f64', 'f32', 0.1, 0.10000000149011612],
    ['f32', 'f64', 0.10000000149011612, 0.10000000149011612],
    ['bool', 'u32', true, 1],
    ['bool', 'u64', true, 1n],
    ['bool', 'f32', false, 0],
    ['f32', 'bool', nan, true],
    ['f32', 'bool', -0, false],
    ['u64', 'bool', 4294967296n, true],
  ])('%s to %s: %s is %s', (from, to, value, expected) => {
    check([from], (operand) => ({ kind: 'convert', type: to, operand }), [value], expected);
  });
});

describe('functions', () => {
  it.each<readonly [MathFunction, ValueType, readonly Value[], Value]>([
    ['abs', 'i32', [MIN], MIN],
    ['abs', 'i32', [-5], 5],
    ['abs', 'i64', [LMIN], LMIN],
    ['abs', 'f32', [-0], 0],
    ['min', 'i32', [-1, 1], -1],
    ['min', 'u32', [UMAX, 1], 1],
    ['max', 'u64', [ULMAX, 1n], ULMAX],
    // The comparison decides: with NaN the second operand of min, the first of max.
    ['min', 'f32', [Number.NaN, 1], 1],
    ['min', 'f32', [1, Number.NaN], Number.NaN],
    ['max', 'f32', [Number.NaN, 1], Number.NaN],
    ['max', 'f32', [1, Number.NaN], 1],
    ['min', 'f32', [0, -0], -0],
    ['max', 'f32', [0, -0], 0],
    ['clz', 'u32', [0], 32],
    ['clz', 'i32', [-1], 0],
    ['mulhi', 'u32', [UMAX, UMAX], 4294967294],
    ['mulhi', 'u32', [0x12345678, 0x9abcdef0], 0x0b00ea4e],
    ['mulhi', 'i32', [MIN, MIN], 1073741824],
    ['mulhi', 'i32', [-1, 1], -1],
    ['floor', 'f32', [-0.5], -1],
    ['ceil', 'f32', [-0.5], -0],
    ['trunc', 'f64', [-1.9], -1],
    ['sqrt', 'f32', [2], 1.4142135381698608],
    ['sqrt', 'f32', [-1], Number.NaN],
    ['exp2', 'f32', [10], 1024],
  ])('%s on %s of %s', (fn, type, args, expected) => {
    check(
      args.map(() => type),
      math(fn, type),
      args,
      expected,
    );
  });

  it.each<readonly [ValueType, Value, Value, Value]>([
    ['u32', 0x80000001, 1, 3],
    ['u32', 0x12345678, 0, 0x12345678],
    ['u32', 0x12345678, 36, 0x23456781],
    ['i32', MIN, 1, 1],
  ])('rotl on %s of %s by %s', (type, value, count, expected) => {
    check([type, 'u32'], math('rotl', type), [value, count], expected);
  });
});
