import type { ScalarName } from './layout.ts';
import type { ScalarType } from './words.ts';

/** An array of fixed length. Elements are scalars, structs or references, as in FlatBuffers. */
export interface ArrayType<E extends ElementType = ElementType, N extends number = number> {
  readonly kind: 'array';
  readonly element: E;
  readonly length: N;
}

/** A nested struct. */
export interface StructType<F extends Fields = Fields> {
  readonly kind: 'struct';
  readonly fields: F;
}

/**
 * The address of an actor, a u32. `T` is the type of the function that names the target's definition,
 * or `undefined` for a reference to any actor.
 */
export interface RefType<T = unknown> {
  readonly kind: 'ref';
  readonly target: T;
}

/** A message that is answered: what comes in, and what goes back. */
export interface AskType<I extends Fields = Fields, O extends Fields = Fields> {
  readonly kind: 'ask';
  readonly request: I;
  readonly reply: O;
}

// `any` in these unions keeps TypeScript from looking into a reference's target while the target is still being
// inferred; that is what lets two actors refer to each other.
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type ElementType = ScalarType<ScalarName> | StructType<any> | RefType<any>;

// biome-ignore lint/suspicious/noExplicitAny: see above.
export type FieldType = ElementType | ArrayType<any, number>;

/** Named fields in the order in which they are laid out. */
export interface Fields {
  readonly [name: string]: FieldType;
}

/** Defines a field of `length` elements, 1 to 65536. */
export function array<E extends ElementType, N extends number>(
  element: E,
  length: N,
): ArrayType<E, N> {
  return Object.freeze({ kind: 'array', element, length });
}

/** Defines a nested struct. */
export function struct<F extends Fields>(fields: F): StructType<F> {
  return Object.freeze({ kind: 'struct', fields });
}

/** Defines a reference to any actor. What is sent to it is looked up among the sender's own messages. */
export function ref(): RefType<undefined>;
/**
 * Defines a reference to an actor of one definition, named by a function so that it may be defined later:
 * `ref(() => Other)`. What is sent to it is typed by, and looked up among, `Other`'s messages.
 *
 * The parameter is unconstrained on purpose: TypeScript then leaves the function's result alone until somebody
 * sends to the reference, and two actors can name each other without annotations.
 */
export function ref<T>(target: T): RefType<T>;
export function ref(target?: unknown): RefType {
  return Object.freeze({ kind: 'ref', target });
}

/** Defines a message with a reply. */
export function ask<I extends Fields, O extends Fields>(request: I, reply: O): AskType<I, O> {
  return Object.freeze({ kind: 'ask', request, reply });
}
