import type { ValueType } from '../ir/types.ts';

/**
 * Types of literals are not in their spelling (minifiers print 0.0 as 0): they come from what the literal meets. A
 * `TypeVariable` stands for the type until something decides it.
 */
export interface TypeVariable {
  readonly kind: 'variable';
  /** What it can still become. */
  among: LiteralClass;
  decided: Type | null;
}

/** `number`: any 32-bit type or f64; `integer`: without fractions, also 64 bits; `big`: a bigint literal. */
export type LiteralClass = 'number' | 'integer' | 'fraction' | 'big';

export type Type = ValueType | TypeVariable;

const members: Record<LiteralClass, readonly ValueType[]> = {
  number: ['i32', 'u32', 'f32', 'f64'],
  integer: ['i32', 'u32', 'u64', 'i64'],
  fraction: ['f32', 'f64'],
  big: ['u64', 'i64'],
};

/** What an undecided literal becomes. */
const defaults: Record<LiteralClass, ValueType> = {
  number: 'i32',
  integer: 'i32',
  fraction: 'f32',
  big: 'u64',
};

const meets: Record<LiteralClass, Partial<Record<LiteralClass, LiteralClass>>> = {
  number: { number: 'number', integer: 'integer', fraction: 'fraction' },
  integer: { number: 'integer', integer: 'integer', big: 'big' },
  fraction: { number: 'fraction', fraction: 'fraction' },
  big: { integer: 'big', big: 'big' },
};

export function variable(among: LiteralClass): TypeVariable {
  return { kind: 'variable', among, decided: null };
}

/** The type as far as it is decided. */
export function prune(type: Type): Type {
  let at = type;
  while (typeof at !== 'string' && at.decided !== null) at = at.decided;
  return at;
}

/** The type, decided now if it was not. */
export function decide(type: Type): ValueType {
  const at = prune(type);
  if (typeof at === 'string') return at;
  at.decided = defaults[at.among];
  return defaults[at.among];
}

/** Makes two types one; false when they do not mix. */
export function unify(a: Type, b: Type): boolean {
  const [left, right] = [prune(a), prune(b)];
  if (left === right) return true;
  if (typeof left === 'string') return typeof right !== 'string' && narrow(right, left);
  if (typeof right === 'string') return narrow(left, right);
  const among = meets[left.among][right.among];
  if (among === undefined) return false;
  right.among = among;
  left.decided = right;
  return true;
}

function narrow(free: TypeVariable, to: ValueType): boolean {
  if (!members[free.among].includes(to)) return false;
  free.decided = to;
  return true;
}

const integers: readonly ValueType[] = ['i32', 'u32', 'u64', 'i64'];

export function isInteger(type: Type): boolean {
  const at = prune(type);
  if (typeof at === 'string') return integers.includes(at);
  return at.among === 'integer' || at.among === 'big';
}

/** Makes it an integer if it still can be one. */
export function requireInteger(type: Type): boolean {
  const at = prune(type);
  return typeof at === 'string' ? integers.includes(at) : unify(at, variable('integer'));
}

/** Makes it f32 or f64 if it still can be one. */
export function requireFraction(type: Type): boolean {
  const at = prune(type);
  return typeof at === 'string' ? at === 'f32' || at === 'f64' : unify(at, variable('fraction'));
}

export function is64(type: Type): boolean {
  const at = prune(type);
  return at === 'u64' || at === 'i64';
}

export function isUnsigned(type: Type): boolean {
  const at = prune(type);
  return at === 'u32' || at === 'u64';
}

export function typeName(type: Type): string {
  const at = prune(type);
  if (typeof at === 'string') return at;
  return { number: 'a number', integer: 'an integer', fraction: 'a fraction', big: 'a bigint' }[
    at.among
  ];
}

/** How to make two types meet, as advice. */
export function conversionHint(a: Type, b: Type): string {
  const [left, right] = [prune(a), prune(b)];
  const names = [left, right].map((t) => (typeof t === 'string' ? t : t.among));
  if (names.includes('fraction') && (names.includes('i32') || names.includes('u32'))) {
    return 'an integer cannot hold a fraction: convert the integer with f32(x)';
  }
  if (names.includes('big') || names.includes('u64') || names.includes('i64')) {
    return '64-bit integers are bigint in TypeScript: 1n, or u64(x)';
  }
  const to = typeof left === 'string' ? left : typeof right === 'string' ? right : 'u32';
  return `convert one side, for example ${to}(x)`;
}
