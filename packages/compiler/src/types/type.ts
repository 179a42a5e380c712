import type { ValueType } from '../ir/types.ts';

/**
 * The type of a literal is not in its spelling (minifiers print 0.0 as 0): it comes from what the literal meets. A
 * variable stands for the type until something decides it.
 */
export interface TypeVariable {
  readonly kind: 'variable';
  /** What it can still become: two or more. */
  candidates: readonly ValueType[];
  /** What it has become, or the variable it was made one with. */
  is: Type | null;
}

export type Type = ValueType | TypeVariable;

export const anyNumber: readonly ValueType[] = ['i32', 'u32', 'f32', 'f64'];
export const fractions: readonly ValueType[] = ['f32', 'f64'];
export const bigints: readonly ValueType[] = ['i64', 'u64'];
export const integers: readonly ValueType[] = ['i32', 'u32', 'i64', 'u64'];
export const words: readonly ValueType[] = ['i32', 'u32'];
/** Whatever a helper may return. */
export const anyType: readonly ValueType[] = ['i32', 'u32', 'f32', 'f64', 'i64', 'u64', 'bool'];

export function variable(candidates: readonly ValueType[]): TypeVariable {
  return { kind: 'variable', candidates, is: null };
}

/** The type as far as it is known. */
export function prune(type: Type): Type {
  let at = type;
  while (typeof at !== 'string' && at.is !== null) at = at.is;
  return at;
}

/** The type, decided now if nothing decided it: the first candidate, so i32, f32 or i64. */
export function decide(type: Type): ValueType {
  const at = prune(type);
  if (typeof at === 'string') return at;
  const decided = at.candidates[0] as ValueType;
  at.is = decided;
  return decided;
}

/** Makes two types one; false when they do not mix. */
export function unify(a: Type, b: Type): boolean {
  const left = prune(a);
  const right = prune(b);
  if (left === right) return true;
  if (typeof left === 'string') return typeof right !== 'string' && restrict(right, [left]);
  if (typeof right === 'string') return restrict(left, [right]);
  if (!restrict(left, right.candidates)) return false;
  right.is = left;
  return true;
}

/** Makes it one of these types if it still can be one. */
export function restrict(type: Type, to: readonly ValueType[]): boolean {
  const at = prune(type);
  if (typeof at === 'string') return to.includes(at);
  const both = at.candidates.filter((candidate) => to.includes(candidate));
  if (both.length === 0) return false;
  at.candidates = both;
  if (both.length === 1) at.is = both[0] as ValueType;
  return true;
}

/** Whether it is one of these types, whatever is decided yet. */
export function isAmong(type: Type, types: readonly ValueType[]): boolean {
  const at = prune(type);
  return typeof at === 'string'
    ? types.includes(at)
    : at.candidates.every((candidate) => types.includes(candidate));
}

export function typeName(type: Type): string {
  const at = prune(type);
  if (typeof at === 'string') return at;
  if (isAmong(at, fractions)) return 'a fraction';
  if (isAmong(at, bigints)) return 'a bigint';
  if (isAmong(at, integers)) return 'a whole number';
  return 'a number';
}

/** How to make two types meet, as advice. */
export function conversionHint(a: Type, b: Type): string {
  if (isAmong(a, bigints) || isAmong(b, bigints)) {
    return '64-bit integers are bigint in TypeScript: write 1n, or convert with u64(x) or i64(x)';
  }
  const fraction = [a, b].some((type) => isAmong(type, fractions));
  if (fraction && [a, b].some((type) => isAmong(type, words))) {
    return 'an integer cannot hold a fraction: convert the integer with f32(x)';
  }
  if (prune(a) === 'bool' || prune(b) === 'bool') return 'compare the number: x !== 0';
  const known = [prune(a), prune(b)].find((type) => typeof type === 'string') ?? 'u32';
  return `convert one side, for example ${typeName(known)}(x)`;
}
