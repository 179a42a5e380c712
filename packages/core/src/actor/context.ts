import type { PriorityName } from '../kernel/options.ts';
import type { AskType, Fields } from '../schema/fields.ts';
import type { Payload, Struct, TargetKey } from '../schema/infer.ts';
import type { ScalarType } from '../schema/words.ts';

/** A message: its fields, or `ask(fields, replyFields)`. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript must not look into the fields of a definition being inferred.
export type MessageSpec = Fields | AskType<any, any>;

export interface Messages {
  readonly [name: string]: MessageSpec;
}

export interface Emits {
  readonly [name: string]: Fields;
}

/** The fields that come with a message. */
export type RequestFields<M> = M extends AskType<infer I, Fields> ? I : M;

/** The fields of the reply to a message; `never` when it has none. */
export type ReplyFields<M> = M extends AskType<Fields, infer O> ? O : never;

/** The messages of a definition. */
export type MessagesOf<D> = D extends { readonly spec: { readonly messages: infer M } } ? M : never;

/** The messages that an address of type `A` takes: its target's, or else the sender's own. */
export type MessagesAt<A, Own> = TargetKey extends keyof A
  ? NonNullable<A[TargetKey & keyof A]> extends () => infer D
    ? MessagesOf<D>
    : Own
  : Own;

export interface SendOptions {
  /** A literal. `normal` when left out. */
  readonly priority?: PriorityName;
}

/** Sends to an actor. `to` decides which messages there are: see `ref`. */
export type Send<Own> = <A extends number, K extends keyof MessagesAt<A, Own> & string>(
  to: A,
  type: K,
  payload: Payload<RequestFields<MessagesAt<A, Own>[K]>>,
  options?: SendOptions,
) => void;

/** The conversions, for handlers whose text is compiled without its closures. */
export interface Conversions {
  readonly bool: ScalarType<'bool'>;
  readonly i32: ScalarType<'i32'>;
  readonly u32: ScalarType<'u32'>;
  readonly i64: ScalarType<'i64'>;
  readonly u64: ScalarType<'u64'>;
  readonly f32: ScalarType<'f32'>;
  readonly f64: ScalarType<'f64'>;
}

/** What every handler finds in `ctx`. */
export interface HandlerContext<S, M, E> extends Conversions {
  /** This instance's own state. Changes are kept. */
  readonly state: Struct<S>;
  /** Address of this instance. */
  readonly self: number;
  /** Address of the sender of the message being handled; 0 is the host. */
  readonly sender: number;
  /** Which instance of its kernel this is, from 0. */
  readonly index: number;
  /** How many instances the kernel has. */
  readonly instances: number;
  readonly send: Send<M>;
  /** Address of instance `index` of this kernel; for an index out of range, an address that nobody has. */
  at(index: number): number;
  /** Stamp of the message being handled: microseconds << 12 | logical. */
  now(): bigint;
  /** Tells the host. */
  emit<K extends keyof E & string>(type: K, payload: Payload<E[K]>): void;
  /** Marks this instance as failed and leaves the handler. The supervisor decides what comes next. */
  fail(code: number): never;
  /** A number in [0, 1): Philox 4x32-10, the same draws on every backend. */
  random(): number;
  /** A whole number from 0 to 2^32 - 1, from the same stream. */
  randomU32(): number;
  /** Runs `body` for 0 to count - 1, at once where the device can. It may write `state.xs[i]` and its own locals. */
  parallelFor(count: number, body: (index: number) => void): void;
  /** Adds over 64 lanes and a tree, so that f32 sums agree on every backend. */
  sum(count: number, term: (index: number) => number): number;
  sum(count: number, term: (index: number) => bigint): bigint;
  min(count: number, term: (index: number) => number): number;
  min(count: number, term: (index: number) => bigint): bigint;
  max(count: number, term: (index: number) => number): number;
  max(count: number, term: (index: number) => bigint): bigint;
  /**
   * Inclusive prefix sums: calls `use` with each index and the sum of the terms up to and with it. In tiles of 64
   * lanes, so that f32 sums agree on every backend. `use` may write `state.xs[i]` and its own locals.
   */
  scan(
    count: number,
    term: (index: number) => number,
    use: (index: number, sum: number) => void,
  ): void;
  scan(
    count: number,
    term: (index: number) => bigint,
    use: (index: number, sum: bigint) => void,
  ): void;
  /** Whole division that truncates; `idiv(a, 0)` is `a`. */
  idiv(a: number, b: number): number;
  /** The upper 32 bits of the 64-bit product of two u32. */
  mulhi(a: number, b: number): number;
  /** Rotates a u32 left by `count` modulo 32 bits. */
  rotl(value: number, count: number): number;
}

/** What a handler of an `ask` message finds besides. */
export interface ReplyContext<O> {
  /** Answers the message being handled. */
  reply(payload: Payload<O>): void;
}

/** `ctx` in the handler of message `K`. */
export type Context<S, M, E, K extends keyof M> = HandlerContext<S, M, E> &
  (M[K] extends AskType<Fields, infer O> ? ReplyContext<O> : unknown);
