import type { ArrayType, RefType, StructType } from './fields.ts';
import type { ScalarType, ScalarValue } from './words.ts';

declare const target: unique symbol;

/** The key under which an address remembers, for the type checker only, whose address it is. */
export type TargetKey = typeof target;

/** An actor's address, a u32. `T` is the function that names its definition. Any number can be assigned. */
export type Address<T = undefined> = number & { readonly [target]?: T };

/** An array in a handler: indexed, measured and gone through with `for … of`. Its length never changes. */
export interface FixedArray<V> {
  [index: number]: V;
  readonly length: number;
  [Symbol.iterator](): Iterator<V>;
}

/** `FixedArray` in a message. */
export interface ReadonlyFixedArray<V> {
  readonly [index: number]: V;
  readonly length: number;
  [Symbol.iterator](): Iterator<V>;
}

type RefValue<T> = [T] extends [undefined] ? number : Address<T>;

/** What a field is in the state of an actor. */
export type Value<F> =
  F extends ScalarType<infer N>
    ? ScalarValue<N>
    : F extends RefType<infer T>
      ? RefValue<T>
      : F extends ArrayType<infer E, number>
        ? FixedArray<Value<E>>
        : F extends StructType<infer S>
          ? Struct<S>
          : never;

/** What fields are in the state of an actor: mutable. */
export type Struct<F> = { -readonly [K in keyof F]: Value<F[K]> };

type MessageValue<F> =
  F extends ArrayType<infer E, number>
    ? ReadonlyFixedArray<MessageValue<E>>
    : F extends StructType<infer S>
      ? Message<S>
      : Value<F>;

/** What fields are in a message that a handler handles: readonly. */
export type Message<F> = { readonly [K in keyof F]: MessageValue<F[K]> };

type DecodedValue<F> =
  F extends RefType<unknown>
    ? number
    : F extends ArrayType<infer E, number>
      ? readonly DecodedValue<E>[]
      : F extends StructType<infer S>
        ? Decoded<S>
        : Value<F>;

/** What fields are once decoded on the host: readonly, arrays as ordinary arrays. */
export type Decoded<F> = { readonly [K in keyof F]: DecodedValue<F[K]> };

type PayloadValue<F> =
  F extends RefType<unknown>
    ? number | { readonly address: number }
    : F extends ArrayType<infer E, number>
      ? ArrayLike<PayloadValue<E>>
      : F extends StructType<infer S>
        ? Payload<S>
        : Value<F>;

/**
 * What is accepted as the content of a message: arrays and typed arrays of at most the declared length (the rest
 * is zero), an address or anything that has one for a reference.
 */
export type Payload<F> = { readonly [K in keyof F]: PayloadValue<F[K]> };
